/* visit.cjs URL FOLDER: goes through the dashboard with a real browser, leaves screenshots in FOLDER and prints what
   it saw as one JSON object. BROWSER_MODULES is the folder of node_modules; CHROMIUM the browser. */
"use strict";
const path = require("path");
const load = name => require(path.join(process.env.BROWSER_MODULES, name));
const {chromium} = load("playwright-core");
const axe = require("fs").readFileSync(path.join(process.env.BROWSER_MODULES, "axe-core", "axe.min.js"), "utf8");

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const [, , url, folder] = process.argv;

/* Waits for the charts; a page without them is reported by what charts() finds. */
function drawn(page) {
    return page.waitForFunction(() => document.querySelectorAll(".chart .u-over").length === 2, null, {timeout: 8000})
        .catch(() => {});
}

async function open(browser, name, options) {
    const context = await browser.newContext({viewport: {width: 1200, height: 900}, ...options});
    const page = await context.newPage();
    const seen = {name, console: [], requests: [], failed: []};
    page.on("console", message => seen.console.push(message.type() + ": " + message.text()));
    page.on("pageerror", error => seen.console.push("error: " + error.message));
    page.on("request", request => seen.requests.push(request.url()));
    page.on("response", response => response.status() >= 400 && seen.failed.push(response.url()));
    const answer = await page.goto(url);
    seen.status = answer.status();
    if (options.javaScriptEnabled !== false)
        await drawn(page);
    return {context, page, seen};
}

/* Is something drawn on each chart's canvas, and does its box show? */
function charts() {
    return [...document.querySelectorAll(".chart")].map(box => {
        const canvas = box.querySelector("canvas");
        if (!canvas || box.hidden)
            return {id: box.id, colours: 0};
        const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        const colours = new Set();
        for (let i = 0; i < data.length; i += 4)
            if (data[i + 3] === 255)
                colours.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
        return {id: box.id, colours: colours.size};
    });
}

async function look(browser, name, options) {
    const {context, page, seen} = await open(browser, name, options);
    seen.charts = await page.evaluate(charts);
    seen.overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    seen.text = await page.evaluate(() => document.body.innerText);
    seen.background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.screenshot({path: path.join(folder, name + ".png"), fullPage: true});
    if (options.javaScriptEnabled !== false) {
        await page.evaluate(axe);
        const result = await page.evaluate(() => window.axe.run());
        seen.faults = result.violations.filter(v => v.impact === "serious" || v.impact === "critical")
            .map(v => v.id + ": " + v.nodes.map(n => n.target + " " + n.failureSummary).slice(0, 3).join("; "));
        seen.checks = result.passes.length;
    }
    await context.close();
    return seen;
}

/* Chooses by keyboard alone, as somebody without a mouse would. */
async function filter(browser) {
    const {context, page, seen} = await open(browser, "filter", {});
    await page.keyboard.press("Tab");
    seen.first = await page.evaluate(() => document.activeElement.textContent);
    const reached = [];
    for (let i = 0; i < 30; i++) {
        await page.keyboard.press("Tab");
        const at = await page.evaluate(() => document.activeElement.name || document.activeElement.textContent);
        reached.push(at);
        if (at === "platform")
            break;
    }
    seen.reached = reached;
    await page.keyboard.type("windows");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    await drawn(page);
    seen.url = page.url();
    seen.chosen = await page.$eval("select[name=platform]", select => select.value);
    seen.rows = await page.$$eval("table.heat tbody th", cells => cells.map(cell => cell.textContent));
    seen.figures = await page.$$eval(".figures dd:not(.note)", cells => cells.map(cell => cell.textContent));
    seen.charts = await page.evaluate(charts);
    await page.goBack();
    seen.back = await page.$eval("select[name=platform]", select => select.value);
    await context.close();
    return seen;
}

/* The tip over a chart names the day and its numbers. */
async function hover(browser) {
    const {context, page, seen} = await open(browser, "hover", {});
    const box = await (await page.$("#installs-chart .u-over")).boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    seen.tip = await page.$eval("#installs-chart .tip", tip => tip.hidden ? "" : tip.innerText);
    await context.close();
    return seen;
}

async function main() {
    const browser = await chromium.launch({executablePath: process.env.CHROMIUM, args: FLAGS});
    const report = {
        light: await look(browser, "light", {colorScheme: "light"}),
        dark: await look(browser, "dark", {colorScheme: "dark"}),
        phone: await look(browser, "phone", {viewport: {width: 360, height: 740}, isMobile: true, hasTouch: true}),
        plain: await look(browser, "plain", {javaScriptEnabled: false}),
        filter: await filter(browser),
        hover: await hover(browser)
    };
    await browser.close();
    console.log(JSON.stringify(report));
}

main().catch(error => {
    console.error(error.stack);
    process.exit(1);
});
