import type { ComponentChildren } from "preact"
import type { PageJson } from "../api/Answer.ts"
import { getAnswer } from "./api.ts"
import { MissingSources } from "./Missing.tsx"
import { Empty, Loaded } from "./ui/notices.tsx"
import { Page } from "./ui/Page.tsx"
import { useResource } from "./ui/resource.tsx"
import { useRoute } from "./ui/route.tsx"
import { type Column, Table } from "./ui/Table.tsx"

const refreshMillis = 5000

export interface ListPageProperties<Row> {
  readonly title: string
  /** Of the API and of the page. */
  readonly path: string
  /** Names of the query that the API takes, but for the page's. */
  readonly parameters: ReadonlyArray<string>
  readonly filters?: ComponentChildren
  readonly columns: ReadonlyArray<Column<Row>>
  readonly keyOf: (row: Row) => string
  /** What is said if there are none, without and with filters. */
  readonly none: string
  readonly noMatch: string
}

const given = (query: URLSearchParams, names: ReadonlyArray<string>): Readonly<Record<string, string>> =>
  Object.fromEntries(names.flatMap((name) => (query.get(name) ? [[name, query.get(name) ?? ""]] : [])))

const Pager = (properties: {
  readonly next: string | null
  readonly path: string
  readonly parameters: ReadonlyArray<string>
}) => {
  const { href, query } = useRoute()
  const { next, parameters, path } = properties
  const filters = given(query, [...parameters, "sort"])
  if (next === null && !query.has("after")) return null
  return (
    <nav class="pager" aria-label="Pages of the list">
      {query.has("after") ? <a href={href(path, filters)}>← Newest</a> : null}
      {next === null ? null : <a href={href(path, { ...filters, after: next })}>Older →</a>}
    </nav>
  )
}

/** One page of a list, newest first. Its filters, its order and the page are in the address. */
export const ListPage = <Row,>(properties: ListPageProperties<Row>) => {
  const { columns, filters, keyOf, noMatch, none, parameters, path, title } = properties
  const { query } = useRoute()
  const filtered = given(query, parameters)
  const wanted = new URLSearchParams(given(query, [...parameters, "after"])).toString()
  const url = `/api${path}${wanted === "" ? "" : `?${wanted}`}`
  const list = useResource(url, (signal) => getAnswer<PageJson<Row>>(url, signal), refreshMillis)
  return (
    <Page title={title}>
      {filters === undefined ? null : <search class="filters">{filters}</search>}
      <Loaded of={list}>
        {({ data: { items, next }, missing }) => (
          <>
            <MissingSources of={missing} />
            {items.length > 0 ? (
              <Table caption={title} columns={columns} rows={items} keyOf={keyOf} />
            ) : missing.length > 0 ? (
              <Empty>This list cannot be read now.</Empty>
            ) : (
              <Empty>{Object.keys(filtered).length === 0 ? none : noMatch}</Empty>
            )}
            <Pager next={next} path={path} parameters={parameters} />
          </>
        )}
      </Loaded>
    </Page>
  )
}
