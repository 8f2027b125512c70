/* shot.cjs URL FILE HEIGHT: a picture of the upper part of the dashboard, 1200 pixels wide. */
"use strict";
const path = require("path");
const {chromium} = require(path.join(process.env.BROWSER_MODULES, "playwright-core"));
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const [, , url, file, height] = process.argv;

async function main() {
    const browser = await chromium.launch({executablePath: process.env.CHROMIUM, args: FLAGS});
    const page = await browser.newPage({viewport: {width: 1200, height: Number(height)}, colorScheme: "light"});
    await page.goto(url);
    await page.waitForFunction(() => document.querySelectorAll(".chart .u-over").length === 2);
    await page.screenshot({path: file});
    await browser.close();
}

main().catch(error => {
    console.error(error.stack);
    process.exit(1);
});
