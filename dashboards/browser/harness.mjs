// Starts what the browser tests need: the demo on free ports, and a browser.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import chromium from '@sparticuz/chromium';
import { chromium as driver } from 'playwright-core';

// startDemo runs `tappa up --demo` on a fresh directory and resolves when the year is in. Its months are frozen some time later.
export async function startDemo() {
  const dir = await mkdtemp(join(tmpdir(), 'tappa-browser-'));
  const child = spawn(process.env.TAPPA_BIN ?? '../../bin/tappa',
    ['up', '--demo', '--demo-cases', '1200', '--data', dir, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let url;
  let tellMonths;
  const months = new Promise((resolve) => { tellMonths = resolve; });
  await new Promise((resolve, reject) => {
    ended.then((code) => reject(new Error(`tappa up ended early with code ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      url ??= line.match(/http:\/\/[\d.:]+/)?.[0];
      if (line.includes('ready')) resolve();
      if (line.includes('are frozen')) tellMonths();
    });
  });
  return {
    url,
    months,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

// What keeps a browser to the pages under test: no sandbox inside containers, no GPU, no talk with its maker.
const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

// openBrowser launches the Chromium that npm brought; nothing is downloaded.
export async function openBrowser() {
  return driver.launch({ executablePath: await chromium.executablePath(), args: flags, headless: true });
}
