// The pages are complete without this script, but for the two charts. It draws those, and swaps in a fresh copy of the
// page's content when new data has been walked.
'use strict';

const colours = {
  moved_on: '#2a7f8e', completed: '#2f8f4e', lost_explicit: '#b3362c', lost_silent: '#e08a3c', in_progress: '#9aa7b4',
};

const counts = new Intl.NumberFormat(document.documentElement.lang, { useGrouping: 'always' });

function data(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : null;
}

// The emotion curve: one point per stage on −2 … +2, its 95 % interval as a whisker, hollow where there are few texts.
function drawCurve(element) {
  const stages = data('curve-data');
  const chart = echarts.init(element, null, { renderer: 'svg' });
  const whisker = (params, api) => {
    const x = api.value(0), low = api.coord([x, api.value(1)]), high = api.coord([x, api.value(2)]);
    return {
      type: 'group',
      children: [
        { type: 'line', shape: { x1: low[0], y1: low[1], x2: high[0], y2: high[1] } },
        { type: 'line', shape: { x1: low[0] - 5, y1: low[1], x2: low[0] + 5, y2: low[1] } },
        { type: 'line', shape: { x1: high[0] - 5, y1: high[1], x2: high[0] + 5, y2: high[1] } },
      ].map((line) => ({ ...line, style: { stroke: '#5b6875', lineWidth: 1.5 } })),
    };
  };
  chart.setOption({
    animation: false,
    grid: { left: 0, right: 0, top: 16, bottom: 16 },
    tooltip: { trigger: 'axis', confine: true, formatter: (points) => stages[points[0].dataIndex].tooltip },
    xAxis: { type: 'category', data: stages.map((s) => s.label), axisLabel: { show: false }, axisTick: { show: false } },
    yAxis: { type: 'value', min: -2, max: 2, interval: 1, axisLabel: { inside: true, margin: 4, formatter: (v) => (v > 0 ? '+' + v : String(v).replace('-', '−')) } },
    series: [
      {
        type: 'line', data: stages.map((s) => (s.curve === null ? '-' : s.curve)), connectNulls: true, symbolSize: 12,
        lineStyle: { color: '#0b6e78', width: 2 }, itemStyle: { color: '#0b6e78' },
        symbol: (value, params) => (stages[params.dataIndex].few ? 'emptyCircle' : 'circle'),
      },
      {
        type: 'custom', renderItem: whisker, encode: { x: 0, y: [1, 2] }, z: 1, silent: true,
        data: stages.map((s, i) => [i, s.low, s.high]).filter((d) => d[1] !== null),
      },
    ],
  });
  return chart;
}

// The funnel: one stacked bar per stage, a colour per state; a click opens the cases behind a part.
function drawFunnel(element) {
  const funnel = data('funnel-data');
  const chart = echarts.init(element, null, { renderer: 'svg' });
  chart.setOption({
    animation: false,
    grid: { left: 8, right: 24, top: 8, bottom: 8, containLabel: true },
    tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' }, confine: true, valueFormatter: (v) => counts.format(v) },
    xAxis: { type: 'value', axisLabel: { formatter: (v) => counts.format(v) } },
    yAxis: { type: 'category', inverse: true, data: funnel.stages.map((s) => s.label) },
    series: funnel.states.map((state) => ({
      name: state.label, type: 'bar', stack: 'all', barMaxWidth: 42, itemStyle: { color: colours[state.id] },
      data: funnel.stages.map((s) => s[state.id]),
    })),
  });
  chart.on('click', (event) => {
    const stage = funnel.stages[event.dataIndex], state = funnel.states[event.seriesIndex];
    window.location.href = funnel.cases + '&stage=' + encodeURIComponent(stage.id) + '&state=' + encodeURIComponent(state.id);
  });
  return chart;
}

let charts = [];

function draw() {
  charts.forEach((chart) => chart.dispose());
  charts = [];
  const curve = document.getElementById('curve'), funnel = document.getElementById('funnel');
  if (curve) charts.push(drawCurve(curve));
  if (funnel) charts.push(drawFunnel(funnel));
}

// Asks whether anything new has been walked, and if so fetches this very page and swaps its content.
async function refresh() {
  const main = document.querySelector('main');
  if (document.hidden || !main.dataset.revision) return;
  const status = await fetch('/api/v1/status').then((response) => (response.ok ? response.json() : null)).catch(() => null);
  if (!status || String(status.revision) === main.dataset.revision) return;
  const text = await fetch(window.location.href).then((response) => (response.ok ? response.text() : null)).catch(() => null);
  if (!text) return;
  const fresh = new DOMParser().parseFromString(text, 'text/html').querySelector('main');
  // Somebody is filling in the filters: leave the form, and the page with it, alone.
  if (main.contains(document.activeElement) && document.activeElement.form) return;
  const open = [...main.querySelectorAll('details')].map((d) => d.open);
  main.replaceWith(fresh);
  fresh.querySelectorAll('details').forEach((d, i) => { d.open = open[i] || false; });
  draw();
}

window.addEventListener('resize', () => charts.forEach((chart) => chart.resize()));
draw();
setInterval(refresh, 4000);
