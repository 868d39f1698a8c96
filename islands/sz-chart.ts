/**
 * <sz-chart class="sz-chart" data-chart="trend|stack|bar" aria-label="…"> with one <script type="application/json"> of data.
 *   {x: [...], unit, series: [{name, data, grey?, dash?, marks?: [{at, text, kind?}], limit?: {y, text}, c?}],
 *    low?, high?, bandName?, min?, max?, step?, every?, barWidth?, right?, top?, unitPad?}
 * trend: a line a year, the expected band behind, anomalies as diamonds that carry their words. stack: bars in parts; bar: side by side.
 * The island adds the 图/表 switch (unless `data-switch="off"`) and the table; colours and fonts come from the tokens, so
 * light pages, dark pages and the wall screen share it. Links: `data-url` on the chart with {x} {series} drills down.
 */
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, MarkLineComponent, MarkPointComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { above, define, el, icon, Island } from './lib/island.ts';
import { num, t } from './lib/words.ts';

echarts.use([BarChart, LineChart, GridComponent, MarkLineComponent, MarkPointComponent, TooltipComponent, SVGRenderer]);

interface Mark {
  at: [string | number, number];
  text: string;
  kind?: 'warn' | 'over';
  pos?: string;
  offset?: [number, number];
}
export interface Series {
  name: string;
  data: (number | null)[];
  grey?: boolean;
  dash?: boolean;
  c?: number;
  marks?: Mark[];
  limit?: { y: number; text: string };
}
export interface ChartData {
  x: string[];
  unit?: string;
  series: Series[];
  low?: number[];
  high?: number[];
  bandName?: string;
  min?: number;
  max?: number;
  step?: number;
  every?: number;
  barWidth?: number;
  right?: number;
  top?: number;
  unitPad?: number;
}

function theme(on: Element) {
  const style = getComputedStyle(on);
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    colours: [1, 2, 3, 4, 5, 6, 7].map((n) => token(`--sz-chart-${n}`)),
    text: token('--sz-text'), text2: token('--sz-text-2'), text3: token('--sz-text-3'),
    line: token('--sz-line'), axis: token('--sz-line-strong'), surface: token('--sz-surface'),
    over: token('--sz-over-mark'), warn: token('--sz-warn-mark'), band: token('--sz-band') || 'rgba(42,109,184,.12)',
    font: style.fontFamily, size: parseFloat(style.fontSize) || 12, width: on.clientWidth,
  }; // prettier-ignore
}
type Theme = ReturnType<typeof theme>;

function frame(look: Theme, data: ChartData, bars: boolean) {
  return {
    animation: false,
    textStyle: { fontFamily: look.font, fontSize: look.size, color: look.text2 },
    grid: { left: 6, right: data.right ?? 18, top: data.top ?? 28, bottom: 4, containLabel: true },
    // rich text keeps the tooltip free of inline styles
    tooltip: {
      trigger: 'axis', renderMode: 'richText', confine: true, backgroundColor: look.surface, borderColor: look.axis,
      textStyle: { color: look.text, fontFamily: look.font, fontSize: look.size },
      axisPointer: { lineStyle: { color: look.text3, type: 'dashed' } },
      valueFormatter: (value: unknown) => (typeof value === 'number' ? `${num(value)} ${data.unit ?? ''}` : '—'),
    }, // prettier-ignore
    xAxis: {
      type: 'category', data: data.x, boundaryGap: bars, axisTick: { show: false }, axisLine: { lineStyle: { color: look.axis } },
      axisLabel: { color: look.text3, fontSize: look.size, interval: data.every ?? (look.width / data.x.length < 36 ? 'auto' : 0), margin: 10 },
    }, // prettier-ignore
    yAxis: {
      type: 'value', name: data.unit, min: data.min, max: data.max, interval: data.step, nameGap: 12,
      nameTextStyle: { color: look.text3, align: 'left', padding: [0, 0, 0, data.unitPad ?? -14], fontSize: look.size },
      splitLine: { lineStyle: { color: look.line } }, axisLabel: { color: look.text3, fontSize: look.size },
    }, // prettier-ignore
  };
}

function trend(look: Theme, data: ChartData) {
  const { low, high } = data;
  const hidden = { type: 'line', stack: 'band', symbol: 'none', silent: true, lineStyle: { opacity: 0 } };
  const band = low && high ? [
    { ...hidden, name: 'low', data: low, tooltip: { show: false } },
    { ...hidden, name: data.bandName, data: high.map((v, i) => +(v - (low[i] ?? 0)).toFixed(3)), areaStyle: { color: look.band }, tooltip: { show: false } },
  ] : []; // prettier-ignore
  const lines = data.series.map((s, i) => {
    const colour = s.grey ? look.colours[6] : look.colours[s.c ?? i];
    const marks = s.marks?.map((m) => ({
      coord: m.at,
      itemStyle: { color: m.kind === 'warn' ? look.warn : look.over, borderColor: look.surface, borderWidth: 2 },
      label: {
        show: true, formatter: m.text, position: m.pos ?? 'top', distance: 7, offset: m.offset ?? [0, 0], color: look.text,
        fontSize: look.size, lineHeight: look.size + 5, backgroundColor: look.surface, padding: [1, 3],
      },
    })); // prettier-ignore
    return {
      name: s.name, type: 'line', data: s.data, symbol: 'circle', symbolSize: i === 0 ? 5 : 0, showSymbol: i === 0, connectNulls: false,
      lineStyle: { width: i === 0 ? 2.25 : 1.5, type: s.dash ? [4, 4] : 'solid', color: colour }, itemStyle: { color: colour }, z: 5 - i,
      markPoint: marks && { symbol: 'diamond', symbolSize: 13, data: marks },
    }; // prettier-ignore
  });
  return { ...frame(look, data, false), series: [...band, ...lines] };
}

function stack(look: Theme, data: ChartData) {
  const series = data.series.map((s, i) => ({
    name: s.name, type: 'bar', stack: 'all', barWidth: data.barWidth ?? 14, data: s.data,
    itemStyle: { color: look.colours[s.c ?? i], borderColor: look.surface, borderWidth: i ? 1 : 0 },
    markLine: s.limit && {
      symbol: 'none', silent: true, lineStyle: { color: look.over, type: 'dashed', width: 1.25 }, data: [{ yAxis: s.limit.y }],
      label: { formatter: s.limit.text, color: look.over, position: 'insideStartTop', fontSize: look.size },
    },
  })); // prettier-ignore
  return { ...frame(look, data, true), series };
}

/** Bars side by side, one a series. */
function bar(look: Theme, data: ChartData) {
  const drawn = stack(look, data);
  return { ...drawn, series: drawn.series.map((s) => ({ ...s, stack: undefined, barWidth: data.barWidth, barMaxWidth: 28, barGap: '10%' })) };
}

const KINDS = { trend, stack, bar };

/** The same numbers as a table, for readers and for the 表 side of the switch. */
export function asTable(data: ChartData, caption: string): HTMLTableElement {
  const unit = data.unit ? [el('span', { class: 'unit' }, data.unit)] : [];
  const head = el('tr', {}, el('th', { scope: 'col' }, ''), ...data.series.map((s) => el('th', { scope: 'col', class: 'num' }, s.name, ...unit.map((u) => u.cloneNode(true)))));
  const rows = data.x.map((x, i) => {
    const cells = data.series.map((s) => el('td', { class: 'num' }, typeof s.data[i] === 'number' ? num(s.data[i] as number) : '—'));
    return el('tr', {}, el('th', { scope: 'row' }, x), ...cells);
  });
  return el('table', { class: 'sz-table' }, el('caption', { class: 'sz-sr' }, caption), el('thead', {}, head), el('tbody', {}, ...rows));
}

export class SzChart extends Island {
  #chart: echarts.ECharts | null = null;
  #watch: ResizeObserver | null = null;

  protected override start(): void {
    const source = this.find('script[type="application/json"]');
    if (!source || this.find('.sz-chart-box')) return;
    const data = JSON.parse(source.textContent ?? '') as ChartData;
    const label = this.getAttribute('aria-label') ?? '';
    const box = el('div', { class: 'sz-chart-box', role: 'img', 'aria-label': label });
    const table = el('div', { class: 'sz-table-wrap', hidden: '' }, asTable(data, label));
    this.append(box, table);
    this.removeAttribute('aria-label');
    if (this.dataset['switch'] !== 'off') this.append(this.#switch(box, table));
    // SVG text needs its fonts before the first stroke, or labels are measured wrong
    void document.fonts.ready.then(() => this.#draw(box, data));
  }

  protected override stop(): void {
    this.#watch?.disconnect();
    this.#chart?.dispose();
    this.#chart = null;
  }

  #draw(box: HTMLElement, data: ChartData): void {
    if (!this.isConnected) return;
    const kind = KINDS[(this.dataset['chart'] ?? 'trend') as keyof typeof KINDS];
    const chart = echarts.init(box, null, { renderer: 'svg' });
    chart.setOption(kind(theme(this), data) as echarts.EChartsCoreOption);
    this.#chart = chart;
    let width = this.clientWidth;
    this.#watch = new ResizeObserver(() => {
      chart.resize();
      if (this.clientWidth === width) return;
      width = this.clientWidth; // how many labels fit is worked out anew
      chart.setOption(kind(theme(this), data) as echarts.EChartsCoreOption);
    });
    this.#watch.observe(box);
    const address = this.dataset['url'];
    if (address) {
      chart.on('click', (point) => {
        location.assign(address.replace('{x}', encodeURIComponent(String(point.name))).replace('{series}', encodeURIComponent(point.seriesName ?? '')));
      });
    }
  }

  #switch(box: HTMLElement, table: HTMLElement): HTMLElement {
    const button = (side: string, name: 'chart' | 'table', on: boolean) =>
      el('button', { type: 'button', 'data-side': side, 'aria-pressed': String(on), 'aria-label': t(name) }, icon(side === 'chart' ? 'chart-line' : 'table', 'icon-sm'));
    const group = el('div', { class: 'sz-seg ck-mini sz-chart-switch', role: 'group' }, button('chart', 'chart', true), button('table', 'table', false));
    this.listen(group, 'click', (event) => {
      const side = above(event, '[data-side]')?.dataset['side'];
      if (!side) return;
      box.hidden = side !== 'chart';
      table.hidden = side === 'chart';
      for (const b of group.querySelectorAll<HTMLElement>('[data-side]')) b.setAttribute('aria-pressed', String(b.dataset['side'] === side));
      this.#chart?.resize();
    });
    return group;
  }
}

define('sz-chart', SzChart);
