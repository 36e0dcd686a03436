import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
  VariableSort
} from "@grafana/grafana-foundation-sdk/dashboard"
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus"
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat"
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries"
import { type PanelSpec, rows } from "./panels.ts"

const datasource = { type: "prometheus", uid: "$datasource" }

/** Twelve units are half of a dashboard's width. */
const seriesSize = { width: 12, height: 8 }
const numberSize = { width: 4, height: 4 }

const sized = ({ kind }: PanelSpec) => (kind === "stat" ? numberSize : seriesSize)

const panel = (spec: PanelSpec) => {
  const { height, width } = sized(spec)
  const empty = spec.kind === "stat" ? new StatBuilder() : new TimeseriesBuilder().fillOpacity(10)
  const described = empty
    .title(spec.title)
    .description(spec.description)
    .unit(spec.unit)
    .datasource(datasource)
    .height(height)
    .span(width)
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

/** The dashboard, for Grafana 10 or newer. */
export const dashboard = (): Dashboard => {
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
  return rows
    .reduce(
      (built, { panels, title }) =>
        panels.reduce((under, spec) => under.withPanel(panel(spec)), built.withRow(new RowBuilder(title))),
      empty
    )
    .build()
}
