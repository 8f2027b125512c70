/* Draws the charts. Everything they show stands in the page's tables too, so nothing is lost where
   this does not run. Numbers come from the public figures at /v1/stats. */
"use strict";

(function () {
    const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const number = new Intl.NumberFormat("en");
    const percent = share => (100 * share).toFixed(share < 0.0995 ? 1 : 0) + "%";
    const dayMs = 86400000;
    const dayName = new Intl.DateTimeFormat("en", {
        weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC"
    });
    const axisName = new Intl.DateTimeFormat("en", {day: "numeric", month: "short", timeZone: "UTC"});

    const colours = {
        completes: "--complete", failures: "--failed", unknown: "--unknown"
    };

    function everyDay(stats) {
        const days = [];
        for (let at = Date.parse(stats.from); at <= Date.parse(stats.to); at += dayMs)
            days.push(at / 1000);
        return days;
    }

    const keyOf = seconds => new Date(seconds * 1000).toISOString().slice(0, 10);

    /* Each row on top of the rows before it. */
    function stacked(rows) {
        const sums = [];
        rows.forEach((row, i) => sums.push(row.map((v, x) => v + (i ? sums[i - 1][x] : 0))));
        return sums;
    }

    function tip(describe) {
        const box = document.createElement("div");
        box.className = "tip";
        box.hidden = true;
        return {
            hooks: {
                init: u => u.over.appendChild(box),
                setCursor: u => {
                    const i = u.cursor.idx;
                    box.hidden = i == null || u.cursor.left < 0;
                    if (box.hidden)
                        return;
                    box.replaceChildren(...describe(i));
                    const right = u.cursor.left > u.over.clientWidth / 2;
                    box.style.top = "4px";
                    box.style.left = right ? "auto" : u.cursor.left + 14 + "px";
                    box.style.right = right ? u.over.clientWidth - u.cursor.left + 14 + "px" : "auto";
                }
            }
        };
    }

    function tipLine(name, value) {
        const line = document.createElement("span"), label = document.createElement("i");
        label.textContent = name;
        line.append(label, value);
        return line;
    }

    function tipHead(seconds) {
        const head = document.createElement("b");
        head.textContent = dayName.format(seconds * 1000);
        return head;
    }

    function axes(valueText) {
        const font = "12px " + getComputedStyle(document.body).fontFamily;
        const common = {stroke: css("--soft"), font, ticks: {show: false}};
        return [
            {
                ...common, grid: {show: false}, space: 70, size: 28,
                incrs: [1, 2, 7, 14, 30, 61, 91, 182, 365].map(d => d * 86400),
                values: (u, ticks) => ticks.map(t => axisName.format(t * 1000))
            },
            {...common, size: 52, grid: {stroke: css("--grid"), width: 1}, values: (u, t) => t.map(valueText)}
        ];
    }

    function draw(box, options, data) {
        box.hidden = false;
        const plot = new uPlot({
            width: box.clientWidth, height: box.clientHeight, tzDate: t => uPlot.tzDate(new Date(t * 1000), "UTC"),
            legend: {show: false}, cursor: {y: false, points: {show: false}, drag: {x: false, y: false}},
            padding: [10, 8, 0, 0], ...options
        }, data, box);
        new ResizeObserver(() => plot.setSize({width: box.clientWidth, height: box.clientHeight})).observe(box);
        return plot;
    }

    function drawInstalls(box, stats) {
        const names = ["completes", "failures", "unknown"], labels = ["Completed", "Failed", "No outcome"];
        const byDay = new Map(stats.days.map(row => [row.day, row]));
        const x = everyDay(stats);
        const rows = names.map(name => x.map(at => (byDay.get(keyOf(at)) || {})[name] || 0));
        const bars = uPlot.paths.bars({size: [0.72, 40], align: 0});
        const series = names.map((name, i) => ({
            label: labels[i], fill: css(colours[name]), width: 0, paths: bars, points: {show: false}
        }));
        return draw(box, {
            axes: axes(v => number.format(v)),
            scales: {
                x: {range: (u, min, max) => [min - 43200, max + 43200]},
                y: {range: (u, min, max) => [0, Math.max(4, max * 1.06)]}
            },
            series: [{}, ...series.reverse()],
            plugins: [tip(i => [tipHead(x[i]), ...labels.map((l, n) => tipLine(l, number.format(rows[n][i])))])]
        }, [x, ...stacked(rows).reverse()]);
    }

    /* The releases the page's legend names, in its order; the rest is one more band. */
    function drawAdoption(box, stats) {
        const named = [...document.querySelectorAll("#adoption-legend li")].map(li => li.dataset.release);
        const x = everyDay(stats);
        const at = new Map(x.map((seconds, i) => [keyOf(seconds), i]));
        const counts = named.map(() => x.map(() => 0));
        for (const row of stats.release_days) {
            const i = at.get(row.day), n = named.indexOf(row.release);
            if (i !== undefined)
                counts[n < 0 ? named.length - 1 : n][i] += row.completes;
        }
        const totals = x.map((_, i) => counts.reduce((sum, row) => sum + row[i], 0));
        const shares = counts.map(row => row.map((v, i) => totals[i] ? v / totals[i] : 0));
        const series = named.map((name, i) => ({
            label: name, fill: css("--s" + (i === named.length - 1 ? 6 : i + 1)), stroke: css("--card"), width: 1,
            points: {show: false}
        }));
        const lines = i => named.map((name, n) => [name || "Other", shares[n][i]]).filter(l => l[1] > 0)
            .map(l => tipLine(l[0], percent(l[1])));
        return draw(box, {
            axes: axes(v => Math.round(100 * v) + "%"),
            scales: {y: {range: [0, 1]}},
            series: [{}, ...series.reverse()],
            plugins: [tip(i => [tipHead(x[i]), ...lines(i)])]
        }, [x, ...stacked(shares).reverse()]);
    }

    const charts = [["installs-chart", drawInstalls], ["adoption-chart", drawAdoption]];

    function drawAll(stats) {
        for (const [id, drawOne] of charts) {
            const box = document.getElementById(id);
            if (!box)
                continue;
            box.replaceChildren();
            drawOne(box, stats);
        }
    }

    async function start() {
        const answer = await fetch(document.body.dataset.stats);
        if (!answer.ok)
            return;
        const stats = await answer.json();
        for (const details of document.querySelectorAll("details[data-chart]"))
            details.open = false;
        drawAll(stats);
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll(stats));
    }

    /* Filters that are not set stay out of the address. */
    const form = document.querySelector("form.filters");
    if (form) {
        form.addEventListener("formdata", event => {
            for (const [name, value] of [...event.formData])
                if (value === "")
                    event.formData.delete(name);
        });
        /* Gone back to, a page shows its own filters again, not what was chosen on the way out. */
        addEventListener("pageshow", () => form.reset());
    }

    start();
})();
