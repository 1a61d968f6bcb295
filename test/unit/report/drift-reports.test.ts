import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { at, children, parseXml, walk } from '../../../src/pacemaker/basics/xml.ts';
import { driftAsHtml } from '../../../src/report/drift/drift-html.ts';
import { driftAsJUnit } from '../../../src/report/drift/drift-junit.ts';
import { driftAsMetrics } from '../../../src/report/drift/drift-prometheus.ts';
import { driftAsSarif } from '../../../src/report/drift/drift-sarif.ts';
import type { DriftReport } from '../../../src/report/drift/drift-report.ts';
import { markupText, tag } from '../../../src/report/text/markup.ts';
import {
  browsed,
  junitObjections,
  metricsObjections,
  sarifObjections,
} from '../../support/report-consumers.ts';
import { assertGolden } from './golden.ts';
import {
  failedReport,
  fleetReport,
  hostileReport,
  NASTY,
  quietReport,
  REPORTS_BY_NAME,
  troubledReport,
} from './drift-reports.ts';
import { cases } from '../../support/cases.ts';
import { skipUnless } from '../../support/needs.ts';

const reports = Object.entries(REPORTS_BY_NAME);

/** A page as the tree of elements that an XML reader sees. */
const pageOf = (report: DriftReport) =>
  parseXml(driftAsHtml(report).replace(/^<!DOCTYPE html>\n/, ''), 'the page');

describe('drift as JUnit', () => {
  it('is a suite for each host and a case for each thing that was compared', () => {
    assertGolden('drift-troubled.junit.xml', driftAsJUnit(troubledReport));
    assertGolden('drift-failed.junit.xml', driftAsJUnit(failedReport));
  });

  it('says that everything passed only when everything was compared and is as declared', () => {
    for (const [name, report] of reports) {
      const { attributes } = parseXml(driftAsJUnit(report), name);
      assert.equal(
        attributes['failures'] === '0' && attributes['errors'] === '0',
        name === 'quiet',
      );
    }
  });

  it('counts in each suite what is in it', () => {
    for (const [name, report] of reports) {
      for (const suite of children(parseXml(driftAsJUnit(report), name), 'testsuite')) {
        const count = (kind: string): string =>
          String(suite.children.filter((one) => one.children[0]?.name === kind).length);
        const { tests, failures, errors, skipped } = suite.attributes;
        assert.deepEqual(
          [tests, failures, errors, skipped],
          [String(suite.children.length), count('failure'), count('error'), count('skipped')],
        );
      }
    }
  });

  for (const [name, report] of reports) {
    it(`is what its readers expect (${name})`, function () {
      skipUnless(this, 'xmllint');
      assert.equal(junitObjections(driftAsJUnit(report)), '');
    });
  }
});

describe('drift as SARIF', () => {
  it('has a result for each difference and suppresses what is ignored', () => {
    assertGolden('drift-troubled.sarif.json.txt', driftAsSarif(troubledReport));
  });

  it('is successful only when every host was compared', () => {
    for (const [name, report] of reports) {
      const { runs } = JSON.parse(driftAsSarif(report)) as {
        runs: { invocations: { executionSuccessful: boolean }[] }[];
      };
      assert.equal(runs[0]?.invocations[0]?.executionSuccessful, name === 'quiet', name);
    }
  });

  for (const [name, report] of reports) {
    it(`is what the published schema says (${name})`, () => {
      assert.equal(sarifObjections(driftAsSarif(report)), '');
    });
  }

  it('would be told if it were not', () => {
    assert.notEqual(sarifObjections(driftAsSarif(quietReport).replace('"runs"', '"runz"')), '');
  });
});

describe('drift as metrics', () => {
  it('has a sample for each kind of thing, drifted or not', () => {
    assertGolden('drift-troubled.prom', driftAsMetrics(troubledReport));
    assertGolden('drift-failed.prom', driftAsMetrics(failedReport));
  });

  it('has one line for each sample, without a time of its own', () => {
    for (const [, report] of reports) {
      for (const line of driftAsMetrics(report).trimEnd().split('\n'))
        assert.match(
          line,
          /^(# (HELP|TYPE) outrigger_\w+ .+|outrigger_\w+\{(\w+="([^"\\]|\\.)*",?)+\} \d+(\.\d+)?)$/,
        );
    }
  });

  it('tells the same series whatever has drifted', () => {
    const series = (report: DriftReport): string[] =>
      [...driftAsMetrics(report).matchAll(/^(outrigger_drift_\w+\{.*\}) [\d.]+$/gm)].map(
        ([, name = '']) => name,
      );
    assert.deepEqual(series(quietReport), series(fleetReport));
    assert.deepEqual(series(quietReport), series(troubledReport));
  });

  for (const [name, report] of reports) {
    it(`passes promtool (${name})`, function () {
      skipUnless(this, 'promtool');
      assert.equal(metricsObjections(driftAsMetrics(report)), '');
    });
  }
});

describe('drift as a page', () => {
  it('tells what has drifted and what to do', () => {
    assertGolden('drift-troubled.html.txt', driftAsHtml(troubledReport));
  });

  for (const [name, report] of reports) {
    it(`is well formed and needs nothing else (${name})`, () => {
      for (const { name: element, attributes } of walk(pageOf(report))) {
        assert.ok(
          !['script', 'link', 'img', 'iframe', 'object', 'a', 'use'].includes(element),
          element,
        );
        for (const key of Object.keys(attributes))
          assert.doesNotMatch(key, /^(on|src$|href$|style$|xlink)/i);
      }
      assert.doesNotMatch(driftAsHtml(report), /@import|url\(/);
    });

    it(`shows each node once (${name})`, () => {
      if (report.result.kind !== 'compared') return;
      const svg = [...walk(pageOf(report))].find((element) => element.name === 'svg');
      const drawn = [...walk(svg ?? assert.fail('no picture'))].filter(
        ({ attributes }) => attributes['class']?.startsWith('node') === true,
      );
      assert.equal(drawn.length, report.result.hosts.length);
    });
  }

  it('draws nodes to be removed', () => {
    const { result } = quietReport;
    assert.ok(result.kind === 'compared');
    const leaving = (state: 'in-sync' | 'drifted') => ({
      ...quietReport,
      result: {
        ...result,
        hosts: result.hosts.map((host) =>
          host.name === 'r1' ? { ...host, state, isBeingRemoved: true } : host,
        ),
      },
    });
    const TITLE = /<title>r1: remote node to be removed, drifted</;
    assert.match(driftAsHtml(leaving('drifted')), TITLE);
    assert.doesNotMatch(driftAsHtml(leaving('in-sync')), /<title>r1:/);
  });

  it('draws everything inside the picture', () => {
    for (const report of [quietReport, troubledReport, fleetReport]) {
      const svg = [...walk(pageOf(report))].find(({ name }) => name === 'svg');
      const [, , width = 0, height = 0] = (svg?.attributes['viewBox'] ?? '').split(' ').map(Number);
      const boxes = [...walk(svg ?? assert.fail('no picture'))].filter(
        ({ name }) => name === 'rect',
      );
      for (const { attributes } of boxes) {
        const [x, y, w, h] = ['x', 'y', 'width', 'height'].map((key) => Number(attributes[key]));
        const corners = [x, y, width - Number(x) - Number(w), height - Number(y) - Number(h)];
        assert.ok(
          corners.every((left) => Number(left) >= 0),
          JSON.stringify(attributes),
        );
      }
    }
  });

  for (const name of ['fleet', 'hostile'] as const) {
    it(`is shown by a browser as it is, without a complaint (${name})`, function () {
      skipUnless(this, 'chromium');
      const report = REPORTS_BY_NAME[name];
      const folder = mkdtempSync(join(tmpdir(), 'outrigger-page-'));
      try {
        writeFileSync(join(folder, 'page.html'), driftAsHtml(report));
        const seen = browsed(join(folder, 'page.html'));
        assert.equal(seen.complaints, '');
        assert.ok(report.result.kind === 'compared');
        assert.equal(seen.tree.match(/<g class="node /g)?.length, report.result.hosts.length);
        assert.doesNotMatch(seen.tree, /<script/);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  it('says that all is well only when it is', () => {
    for (const [name, report] of reports) {
      const verdict = at(pageOf(report), 'body', 'main', 'header');
      assert.equal(verdict?.attributes['class'] === 'verdict good', name === 'quiet', name);
    }
  });
});

describe('reports of nasty words', () => {
  it('hold none that could do something', () => {
    for (const render of [driftAsJUnit, driftAsSarif, driftAsMetrics, driftAsHtml]) {
      const text = render(hostileReport);
      assert.doesNotMatch(text, /[^\P{C}\n]/u);
      assert.ok(!text.includes(NASTY));
    }
    assert.doesNotMatch(driftAsHtml(hostileReport), /<script/);
  });

  it('stay what they are in a page, whatever they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
        const inner = tag('p', { title: text }, text, tag('b', {}, text));
        const read = parseXml(markupText(inner), 'a page');
        assert.deepEqual(
          [...walk(read)].map(({ name }) => name),
          ['p', 'b'],
        );
        assert.deepEqual(Object.keys(read.attributes), ['title']);
      }),
      { numRuns: cases(40) },
    );
  });
});
