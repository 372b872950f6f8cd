import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createMetrics } from "../../src/observability/metrics.ts";

const read = (path: string) => readFile(fileURLToPath(new URL(`../../../../${path}`, import.meta.url)), "utf8");

interface Metric {
  name: string;
  type: string;
  labels: Set<string>;
}

/** What /metrics shows, by name; a histogram by the names of its parts. */
async function shown(): Promise<Map<string, Metric>> {
  const { registry } = createMetrics();
  const metrics = new Map<string, Metric>();
  for (const { name } of await registry.getMetricsAsJSON()) {
    const metric = registry.getSingleMetric(name) as unknown as { labelNames?: string[] };
    const type = (await registry.getSingleMetricAsString(name)).match(/# TYPE \S+ (\w+)/)?.[1] ?? "";
    const labels = new Set([...(metric.labelNames ?? []), "instance", "job"]);
    const names = type === "histogram" ? ["_bucket", "_count", "_sum"].map((part) => name + part) : [name];
    for (const each of names) metrics.set(each, { name: each, type, labels: new Set([...labels, "le"]) });
  }
  return metrics.set("up", { name: "up", type: "gauge", labels: new Set(["instance", "job"]) });
}

/** Names of metrics in an expression, each with the labels that it is selected by. */
function used(expression: string): { name: string; labels: string[] }[] {
  return [...expression.matchAll(/\b(hfh_\w+|nodejs_\w+|process_\w+|up)\b(?:\{([^}]*)\})?/g)].map(
    ([, name = "", selector = ""]) => ({
      name,
      labels: [...selector.matchAll(/(\w+)\s*[=!]~?/g)].map(([, label = ""]) => label),
    }),
  );
}

interface Alert {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string };
}

async function alerts(): Promise<Alert[]> {
  const { groups } = parse(await read("deploy/prometheus-alerts.yaml")) as { groups: { rules: Alert[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

async function panels(): Promise<{ title: string; expr: string }[]> {
  const dashboard = JSON.parse(await read("deploy/grafana-dashboard.json")) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  return dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
}

describe("what watches a gateway", () => {
  it("asks for nothing that /metrics does not show", async () => {
    const metrics = await shown();
    const expressions = [
      ...(await panels()).map(({ title, expr }) => [`panel ${title}`, expr] as const),
      ...(await alerts()).map(({ alert, expr }) => [`alert ${alert}`, expr] as const),
    ];
    expect(expressions.length).toBeGreaterThan(60);
    for (const [where, expression] of expressions) {
      const names = used(expression);
      expect(names.length, `${where} asks for something`).toBeGreaterThan(0);
      for (const { name, labels } of names) {
        expect(metrics.has(name), `${where} asks for ${name}`).toBe(true);
        for (const label of labels)
          expect(metrics.get(name)?.labels.has(label), `${where}: ${name}{${label}}`).toBe(true);
      }
    }
  });

  it("shows all that the gateway counts", async () => {
    const asked = new Set(
      [...(await panels()), ...(await alerts())].flatMap(({ expr }) => used(expr).map(({ name }) => name)),
    );
    const own = [...(await shown()).keys()].filter((name) => name.startsWith("hfh_"));
    const shownAnyhow = (name: string) => asked.has(name) || /_(sum|count|bucket)$/.test(name);
    expect(own.filter((name) => !shownAnyhow(name))).toEqual([]);
  });

  it("alerts by names under which docs/operations.md says what to do", async () => {
    const page = await read("docs/operations.md");
    const sections = [...page.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
    const names = (await alerts()).map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    expect(sections.filter((name) => names.includes(name ?? "")).sort()).toEqual([...names].sort());
    for (const { alert, labels, annotations } of await alerts()) {
      expect(["critical", "warning", "info"], alert).toContain(labels.severity);
      expect(annotations.summary, alert).toMatch(/\.$/);
    }
  });
});

describe("the names of metrics", () => {
  it("follow Prometheus' conventions", async () => {
    for (const { name, type } of (await shown()).values()) {
      if (!name.startsWith("hfh_")) continue;
      expect(name, "snake case").toMatch(/^[a-z][a-z0-9_]*$/);
      if (type === "counter") expect(name).toMatch(/_total$/);
      else expect(name).not.toMatch(/_total$/);
      expect(name, "base units").not.toMatch(/_(ms|milliseconds|minutes|hours|percent|kb|mb)(_|$)/);
    }
  });
});
