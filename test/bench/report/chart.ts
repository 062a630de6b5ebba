import { BarChart, type BarSeriesOption } from 'echarts/charts';
import { GridComponent, TitleComponent, type GridComponentOption, type TitleComponentOption } from 'echarts/components';
import { init, use, type ComposeOption } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { spreadOf } from '../measure/spread.js';
import type { PageResult } from '../scenarios/page.js';
import { shown } from './numbers.js';

use([BarChart, GridComponent, TitleComponent, SVGRenderer]);

type ChartOption = ComposeOption<BarSeriesOption | GridComponentOption | TitleComponentOption>;

const WIDTH = 960;
const BAR_HEIGHT = 30;
const MARGIN = { top: 56, left: 270, right: 190, bottom: 16 };
/** Colours of the bars, readable on dark and on light pages. */
const COLOURS: Readonly<Record<PageResult['contenders'][number]['kind'], string>> = {
  bare: '#8b949e',
  ours: '#2f9e5b',
  peer: '#d08422',
  uncached: '#c25450',
};
/** Colour of the text, halfway between a light and a dark background: an image cannot tell on which it is shown. */
const TEXT = '#768390';

/** An SVG chart of the requests per second of all contenders. */
export function chartOf({ contenders }: PageResult): string {
  const bars = contenders
    .map(({ name, kind, rounds }) => ({
      name,
      kind,
      rate: spreadOf(rounds.map((round) => round.requestsPerSecond)).median,
      p99: spreadOf(rounds.map((round) => round.p99)).median / 1_000,
    }))
    .sort((a, b) => a.rate - b.rate);
  const least = Math.min(...bars.map(({ rate }) => rate));
  const chart = init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: WIDTH,
    height: MARGIN.top + MARGIN.bottom + bars.length * BAR_HEIGHT,
  });
  const options: ChartOption = {
    animation: false,
    textStyle: { fontFamily: 'system-ui, sans-serif', fontSize: 13 },
    title: {
      text: 'A page of 50 orders: requests per second, 32 connections (logarithmic)',
      left: 8,
      top: 12,
      textStyle: { fontSize: 15, fontWeight: 600, color: TEXT },
    },
    grid: MARGIN,
    // The shortest bar must be visible.
    xAxis: { type: 'log', min: 10 ** Math.floor(Math.log10(least / 2)), show: false },
    yAxis: {
      type: 'category',
      data: bars.map(({ name }) => name),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { fontSize: 13, color: TEXT },
    },
    series: [
      {
        type: 'bar',
        barWidth: 18,
        data: bars.map(({ rate, kind, p99 }) => ({
          value: Math.round(rate),
          itemStyle: { color: COLOURS[kind], borderRadius: 3 },
          label: { formatter: `${shown(Math.round(rate))}/s, p99 ${shown(p99)} ms` },
        })),
        label: { show: true, position: 'right', fontSize: 13, color: TEXT, textBorderWidth: 0 },
      },
    ],
  };
  chart.setOption(options);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
