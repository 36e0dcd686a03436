import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
  VariableSort
} from "@grafana/grafana-foundation-sdk/dashboard"
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus"
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat"
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries"
import type { Addresses } from "./addresses.ts"
import { type PanelSpec, rows } from "./panels.ts"
import { anchorOf, type Runbook, runbooksOfPanel } from "./runbooks.ts"

const datasource = { type: "prometheus", uid: "$datasource" }

/** Twelve units are half of a dashboard's width. */
const seriesSize = { width: 12, height: 8 }
const numberSize = { width: 4, height: 4 }

const sized = ({ kind }: PanelSpec) => (kind === "stat" ? numberSize : seriesSize)

const link = (title: string, url: string) =>
  new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url).targetBlank(true)

/** A variable's value without any encoding, as Grafana's links write it. */
const valueOf = (variable: string): string => `\${${variable}:raw}`

/** One link to each runbook that names the panel. */
const runbookLinks = (runbooks: ReadonlyArray<Runbook>, { title }: PanelSpec) =>
  runbooksOfPanel(runbooks, title).map(({ alert }) =>
    link(`Runbook: ${alert}`, `${valueOf("runbooks")}${anchorOf(alert)}`)
  )

const panel = (runbooks: ReadonlyArray<Runbook>) => (spec: PanelSpec) => {
  const { height, width } = sized(spec)
  const empty = spec.kind === "stat" ? new StatBuilder() : new TimeseriesBuilder().fillOpacity(10)
  const described = empty
    .title(spec.title)
    .description(spec.description)
    .unit(spec.unit)
    .datasource(datasource)
    .height(height)
    .span(width)
    .links(runbookLinks(runbooks, spec))
  const thresholds = new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([
      { value: null, color: "green" },
      ...(spec.alarmAt === undefined ? [] : [{ value: spec.alarmAt, color: "red" }])
    ])
  return spec.queries.reduce(
    (built, { expr, legend }, nth) =>
      built.withTarget(
        new DataqueryBuilder()
          .refId(String.fromCharCode(65 + nth))
          .expr(expr)
          .legendFormat(legend)
          .range()
      ),
    described.thresholds(thresholds)
  )
}

const choice = (name: string, label: string, query: string) =>
  new QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    // Also matches series without the label: outside Kubernetes there is no namespace.
    .allValue(".*")
    .current({ text: "All", value: "$__all" })

const address = (name: string, label: string, url: string, description: string) =>
  new TextBoxVariableBuilder(name).label(label).description(description).defaultValue(url)

const versions = 'count by (version) (control_plane_worker_build_info{namespace=~"$namespace",job=~"$job"}'

/** A mark where a version of the worker begins to run: it was not there a few minutes before. */
const deployments = new AnnotationQueryBuilder()
  .name("Deployments of the worker")
  .datasource(datasource)
  .enable(true)
  .iconColor("blue")
  .expr(`${versions}) unless on (version) ${versions} offset 3m)`)
  .step("60s")
  .titleFormat("Version {{version}}")
  .textFormat("")
  .tagKeys("version")

/** The dashboard, for Grafana 10 or newer. */
export const dashboard = (runbooks: ReadonlyArray<Runbook>, addresses: Addresses): Dashboard => {
  const empty = new DashboardBuilder("Control plane worker")
    .uid("control-plane-worker")
    .description("Written by `npm run observability` from dev/observability/panels.ts.")
    .tags(["control-plane-worker"])
    .timezone("utc")
    .refresh("1m")
    .time({ from: "now-6h", to: "now" })
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"))
    .withVariable(choice("namespace", "Namespace", "label_values(control_plane_worker_build_info, namespace)"))
    .withVariable(choice("job", "Job", 'label_values(control_plane_worker_build_info{namespace=~"$namespace"}, job)'))
    .withVariable(
      choice(
        "service",
        "Service",
        'label_values(control_plane_worker_attempts_total{namespace=~"$namespace",job=~"$job"}, service)'
      )
    )
    .withVariable(address("runbooks", "Runbooks", addresses.runbooks, "Address of docs/runbooks.md, for links."))
    .annotation(deployments)
  if (addresses.console !== "") empty.link(link("Console", addresses.console))
  const built = panel(runbooks)
  return rows
    .reduce(
      (all, { panels, title }) =>
        panels.reduce((under, spec) => under.withPanel(built(spec)), all.withRow(new RowBuilder(title))),
      empty
    )
    .build()
}
