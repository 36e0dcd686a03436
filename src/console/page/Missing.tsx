import type { Missing } from "../api/Answer.ts"

const names: Readonly<Record<Missing["source"], string>> = {
  database: "The database",
  restate: "Restate",
  clickhouse: "ClickHouse"
}

/** The sources without which this page was made. */
export const MissingSources = ({ of }: { readonly of: ReadonlyArray<Missing> }) =>
  of.length === 0 ? null : (
    <div class="notice stuck" role="status">
      Not everything could be read.{" "}
      {of.map(({ reason, source }) => (
        <span key={source}>
          {names[source]} is missing: {reason}.{" "}
        </span>
      ))}
    </div>
  )
