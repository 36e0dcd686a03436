import type { ComponentChildren } from "preact"
import { useRoute } from "./route.tsx"

export interface Column<Row> {
  /** Its name in the query. */
  readonly id: string
  readonly title: string
  readonly cell: (row: Row) => ComponentChildren
  /** Absent if it cannot be sorted by. */
  readonly sortBy?: (row: Row) => string | number
  readonly isNumeric?: boolean
}

export interface TableProperties<Row> {
  /** What the rows are; read by screen readers. */
  readonly caption: string
  readonly columns: ReadonlyArray<Column<Row>>
  readonly rows: ReadonlyArray<Row>
  readonly keyOf: (row: Row) => string
  readonly classOf?: (row: Row) => string
}

interface Order {
  readonly id: string
  readonly isDescending: boolean
}

/** `sort=name` or `sort=-name` of the query. */
export const orderOf = (query: URLSearchParams): Order => {
  const text = query.get("sort") ?? ""
  return text.startsWith("-") ? { id: text.slice(1), isDescending: true } : { id: text, isDescending: false }
}

const compare = (a: string | number, b: string | number): number =>
  typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b))

/** The rows in the order that the query asks for, else as they came. */
export const sortRows = <Row,>(
  rows: ReadonlyArray<Row>,
  columns: ReadonlyArray<Column<Row>>,
  { id, isDescending }: Order
): ReadonlyArray<Row> => {
  const sortBy = columns.find((column) => column.id === id)?.sortBy
  if (sortBy === undefined) return rows
  return rows.toSorted((a, b) => (isDescending ? -1 : 1) * compare(sortBy(a), sortBy(b)))
}

const Heading = <Row,>({ column }: { readonly column: Column<Row> }) => {
  const { query, setQuery } = useRoute()
  const order = orderOf(query)
  const isSorted = order.id === column.id
  const direction = order.isDescending ? "descending" : "ascending"
  if (column.sortBy === undefined) {
    return (
      <th scope="col" class={column.isNumeric ? "number" : ""}>
        {column.title}
      </th>
    )
  }
  // Ascending, descending, as it came.
  const next = !isSorted ? column.id : order.isDescending ? "" : `-${column.id}`
  return (
    <th scope="col" class={column.isNumeric ? "number" : ""} {...(isSorted ? { "aria-sort": direction } : {})}>
      <button type="button" class="sort" onClick={() => setQuery({ sort: next })}>
        {column.title}
        <span aria-hidden="true">{isSorted ? (order.isDescending ? " ↓" : " ↑") : ""}</span>
      </button>
    </th>
  )
}

/** A table that is sorted by its headings; on a narrow screen each row is a card. */
export const Table = <Row,>({ caption, classOf, columns, keyOf, rows }: TableProperties<Row>) => {
  const { query } = useRoute()
  return (
    <table class="list">
      <caption class="visually-hidden">{caption}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <Heading key={column.id} column={column} />
          ))}
        </tr>
      </thead>
      <tbody>
        {sortRows(rows, columns, orderOf(query)).map((row) => (
          <tr key={keyOf(row)} class={classOf?.(row) ?? ""}>
            {columns.map((column) => (
              <td key={column.id} class={column.isNumeric ? "number" : ""} data-label={column.title}>
                <div>{column.cell(row)}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
