// Drives the pages of a running demo in a real browser: what a person would look at, click and read.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startDemo, openBrowser } from './harness.mjs';

let demo;
let browser;

before(async () => {
  [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
}, { timeout: 180_000 });

after(async () => {
  await browser?.close();
  await demo?.stop();
});

// visit opens a path and fails the test on any script error, failed request or request to somewhere else.
async function visit(path, { lang = 'it' } = {}) {
  const context = await browser.newContext({ viewport: { width: 1500, height: 1000 }, locale: lang });
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(`script: ${error.message}`));
  page.on('console', (message) => { if (message.type() === 'error') problems.push(`console: ${message.text()}`); });
  page.on('request', (request) => { if (!request.url().startsWith(demo.url)) problems.push(`elsewhere: ${request.url()}`); });
  page.on('response', (response) => { if (response.status() >= 400) problems.push(`${response.status()}: ${response.url()}`); });
  await page.goto(demo.url + path);
  return { page, done: async () => { await context.close(); assert.deepEqual(problems, []); } };
}

const number = (text) => Number(text.replace(/[^\d-]/g, ''));

test('the map has a column per stage and the five rows, in Italian', async () => {
  const { page, done } = await visit('/map');
  const rows = await page.locator('.rowhead').allTextContents();
  assert.deepEqual(rows.map((r) => r.trim()), ['Fase', 'Attività', 'Punto di contatto', 'Esperienza', 'Opportunità']);
  assert.equal(await page.locator('.map .phase').count(), 6);
  assert.match(await page.locator('.map .phase h2').first().textContent(), /Consapevolezza/);
  assert.ok(await page.locator('#curve svg path').count() > 0, 'the emotion curve is drawn');
  assert.ok(await page.locator('blockquote').count() > 0, 'customers are quoted');
  await done();
});

test('the language can be changed and is remembered', async () => {
  const { page, done } = await visit('/map');
  await page.locator('.lang a', { hasText: 'en' }).click();
  assert.match(await page.locator('h1').textContent(), /Journey map/);
  await page.locator('nav a', { hasText: 'Funnel' }).click();
  assert.match(await page.locator('h1').textContent(), /Funnel by stage/);
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  await done();
});

test('in the funnel the states of every stage add up to those who entered', async () => {
  const { page, done } = await visit('/funnel');
  const rows = await page.locator('#funnel-table tbody tr').evaluateAll((trs) => trs.map((tr) => [...tr.cells].map((td) => td.textContent)));
  assert.equal(rows.length, 6);
  for (const [label, entered, ...rest] of rows) {
    const states = rest.slice(0, 5).map(number);
    assert.equal(states.reduce((a, b) => a + b, 0), number(entered), label);
  }
  assert.ok(await page.locator('#funnel svg path').count() > 6, 'the bars are drawn');
  await done();
});

test('a number opens exactly as many cases, and a case opens its timeline', async () => {
  const { page, done } = await visit('/funnel');
  const cell = page.locator('#funnel-table tbody tr').nth(2).locator('td').nth(4).locator('a');
  const expected = number(await cell.textContent());
  assert.ok(expected > 0);
  await cell.click();
  assert.equal(number(await page.locator('#total').textContent()), expected);
  await page.locator('#cases tbody a').first().click();
  assert.ok(await page.locator('#visits tbody tr').count() > 0);
  assert.ok(await page.locator('.timeline li:not(.stagehead)').count() > 1);
  const text = await page.locator('.timeline').textContent();
  assert.doesNotMatch(text, /[\w.]+@[\w.]+\.\w+/, 'addresses are masked');
  await done();
});

test('a case opens its person, with what connects their contacts, and the person opens the case', async () => {
  const { page, done } = await visit('/cases');
  await page.locator('#cases tbody a').first().click();
  const from = new URL(page.url()).pathname;
  await page.locator('p.sub a[href^="/people"]').click();
  assert.ok(await page.locator('#keys tbody tr').count() > 0);
  const text = await page.locator('main').textContent();
  assert.doesNotMatch(text, /[\w.]{2,}@[\w.]+\.\w+/, 'addresses are masked');
  assert.ok(await page.locator(`#cases a[href^="${from}"]`).count() === 1, 'the case is among the person\'s');
  await page.goto(`${demo.url}/people`);
  await page.locator('input[name=q]').fill('nobody@example.invalid');
  await page.locator('form[role=search] button').click();
  assert.ok(await page.locator('#nobody').isVisible());
  await done();
});

test('the map as one HTML file shows its letters and prints on one page', async () => {
  for (const [lang, paper] of [['it', 'a3'], ['en', 'a3'], ['it', 'a4'], ['en', 'a4']]) {
    const { page, done } = await visit(`/map.html?lang=${lang}&page=${paper}`, { lang });
    assert.equal(await page.locator('.curve circle').count(), await page.locator('.curve svg svg text').count());
    assert.ok(await page.evaluate(() => document.fonts.ready.then((fonts) => [...fonts].every((font) => font.status === 'loaded'))), 'fonts are whole');
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
    assert.equal(pdf.match(/\/Type\s*\/Page\b/g).length, 1, `${lang} on ${paper}`);
    await done();
  }
});

test('no window is too narrow for the map and its file: the table is scrolled, not the page, and words stay whole', async () => {
  for (const path of ['/map', '/map.html']) {
    const { page, done } = await visit(path);
    assert.equal(await page.locator('main').count(), 1, `${path} has a main landmark`);
    for (const width of [1400, 900, 390]) {
      await page.setViewportSize({ width, height: 800 });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${path} at ${width}`);
      // A label that is broken between its letters is narrower than its words.
      const broken = await page.locator('dt, .nowrap').evaluateAll((all) => all.filter((e) => {
        const word = document.createElement('span');
        word.textContent = e.matches('dt') ? e.textContent.trim().split(/\s+/).sort((a, b) => b.length - a.length)[0] : e.textContent.trim();
        word.style.cssText = 'position: absolute; white-space: nowrap';
        e.append(word);
        const needed = word.getBoundingClientRect().width;
        word.remove();
        return e.getBoundingClientRect().width < needed - 1;
      }).map((e) => e.textContent));
      assert.deepEqual(broken, [], `${path} at ${width}`);
    }
    await done();
  }
});

test('a persona has a map of its own', async () => {
  const { page, done } = await visit('/map');
  const all = number(await page.locator('.phase dd a').first().textContent());
  await page.locator('select[name=persona]').selectOption({ index: 1 });
  await page.locator('form.filters button').click();
  const one = number(await page.locator('.phase dd a').first().textContent());
  assert.ok(one > 0 && one < all, `${one} of ${all}`);
  await done();
});

test('an earlier as-of instant knows less', async () => {
  const { page, done } = await visit('/funnel');
  const entered = () => page.locator('#funnel-table tbody tr td:nth-child(2)').first().textContent().then(number);
  const now = await entered();
  const day = new Date(Date.now() - 120 * 24 * 3600 * 1000).toISOString().slice(0, 10);
  await page.goto(`${demo.url}/funnel?as_of=${day}`);
  const then = await entered();
  assert.ok(then > 0 && then < now, `${then} of ${now}`);
  await done();
});

test('waits and mood split by department, and any table downloads as CSV', async () => {
  const { page, done } = await visit('/waits?by=department');
  assert.ok(await page.locator('main table tbody tr').count() >= 3);
  const csv = await page.request.get(demo.url + (await page.locator('a', { hasText: 'CSV' }).getAttribute('href')));
  assert.equal(csv.headers()['content-type'], 'text/csv; charset=utf-8');
  assert.ok((await csv.text()).split('\n').length > 3);
  await page.goto(`${demo.url}/mood?by=touchpoint`);
  assert.ok(await page.locator('main table tbody tr').count() >= 3);
  await done();
});

test('keys reach the columns that a narrow window hides', async () => {
  const { page, done } = await visit('/waits');
  await page.setViewportSize({ width: 1000, height: 800 });
  const table = page.getByRole('region', { name: 'Attese e tempi' });
  await table.focus();
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction(() => document.activeElement.scrollLeft > 0);
  assert.ok(await table.getByRole('columnheader').count() > 5);
  await done();
});

test('on paper, where nothing scrolls, all columns stand on the page', async () => {
  for (const path of ['/map', '/funnel', '/waits', '/reports/touchpoints', '/reports/visits']) {
    const { page, done } = await visit(path);
    await page.setViewportSize({ width: 1047, height: 718 }); // A4 on its side, less the margins
    await page.emulateMedia({ media: 'print' });
    const cut = await page.locator('.scroll').evaluateAll((parts) => parts.filter((p) => p.scrollWidth > p.clientWidth || getComputedStyle(p).overflowX !== 'visible').length);
    assert.equal(cut, 0, path);
    await done();
  }
});

test('the pages move when interactions come in', async () => {
  const { page, done } = await visit('/map');
  const revision = () => page.locator('main').getAttribute('data-revision');
  const first = await revision();
  await page.waitForFunction((old) => document.querySelector('main').dataset.revision !== old, first, { timeout: 60_000 });
  assert.notEqual(await revision(), first);
  await done();
});

test('two months of the demo are compared, and what its company did is measured', { timeout: 180_000 }, async () => {
  await demo.months;
  const { page, done } = await visit('/months', { lang: 'en' });
  assert.equal(await page.locator('#frozen tbody tr').count(), 2);
  assert.match(await page.locator('#summary').textContent(), /real: \d+/);
  const row = await page.locator('#opportunities tbody tr').textContent();
  assert.match(row, /Quote.*\d+(\.\d+)? %.*\d+(\.\d+)? %/s, 'before and after');
  await done();
});

test('what does not exist says so, and a bad date is explained', async () => {
  const context = await browser.newContext({ locale: 'it' });
  const page = await context.newPage();
  assert.equal((await page.goto(`${demo.url}/nowhere`)).status(), 404);
  assert.match(await page.locator('main').textContent(), /non esiste/);
  assert.equal((await page.goto(`${demo.url}/map?as_of=yesterday`)).status(), 400);
  assert.match(await page.locator('main').textContent(), /yesterday/);
  assert.equal((await page.goto(`${demo.url}/case/0000000000000000`)).status(), 404);
  await context.close();
});

test('the API answers what its OpenAPI description says', async () => {
  const context = await browser.newContext();
  const description = await (await context.request.get(`${demo.url}/api/v1/openapi.json`)).json();
  assert.ok(description.paths['/api/v1/journeys/{journey}/reports/{name}']);
  const report = await (await context.request.get(`${demo.url}/api/v1/journeys/machinery/reports/dropoff`)).json();
  assert.equal(report.rows.length, 6);
  for (const row of report.rows) {
    assert.equal(row.entered, row.moved_on + row.completed + row.lost_explicit + row.lost_silent + row.in_progress);
  }
  assert.equal((await context.request.get(`${demo.url}/api/v1/journeys/machinery/reports/nothing`)).status(), 404);
  await context.close();
});
