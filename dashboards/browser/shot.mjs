// Takes a screenshot of a page: node shot.mjs URL FILE [WIDTH HEIGHT]
import { openBrowser } from './harness.mjs';

const [url, file, width = '1600', height = '1200'] = process.argv.slice(2);
const browser = await openBrowser();
const page = await browser.newPage({ viewport: { width: Number(width), height: Number(height) }, locale: 'it' });
page.on('console', (message) => console.log(message.type(), message.text()));
page.on('pageerror', (error) => console.log('error', error.message));
await page.goto(url, { waitUntil: "load" });
await page.screenshot({ path: file, fullPage: true });
await browser.close();
