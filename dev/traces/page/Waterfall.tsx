// biome-ignore-all lint/a11y/useSemanticElements: a tree grid has no elements of its own, and a table row holds no bars
// biome-ignore-all lint/a11y/useFocusableInteractive: of a tree grid only rows take the focus
import { useState } from "preact/hooks"
import { formatMillis } from "../../../src/console/page/ui/format.ts"
import { formatTick } from "../format.ts"
import { keyOf } from "../names.ts"
import { barOf, type Interval, placeOf, ticksOf } from "../timeline.ts"
import type { Row, SpanNode } from "../tree.ts"
import { hueStyle } from "./hues.ts"
import { actionOf } from "./treeKeys.ts"

export interface WaterfallProperties {
  readonly rows: ReadonlyArray<Row>
  readonly axis: Interval
  readonly selected: string
  readonly isFolded: (node: SpanNode) => boolean
  readonly toggle: (node: SpanNode) => void
  readonly select: (node: SpanNode) => void
}

const mostTicks = 6
/** A wait that is narrower, in per cent of the axis, is not drawn. */
const narrowestWait = 0.2

const edges = (axis: Interval, interval: Interval) => {
  const { left, width } = placeOf(axis, interval)
  return { left: `${left}%`, width: `${width}%` }
}

export const AxisLine = ({ axis }: { readonly axis: Interval }) => {
  const ticks = ticksOf(axis.end - axis.start, mostTicks)
  const step = ticks[1] ?? axis.end - axis.start
  return (
    <div class="axis" aria-hidden="true">
      {ticks.map((tick) => (
        <span
          key={tick}
          class="tick"
          style={{ left: edges(axis, { start: axis.start + tick, end: axis.start + tick }).left }}
        >
          {formatTick(tick, step)}
        </span>
      ))}
    </div>
  )
}

/** Solid where it ran, hatched where it waited; then how long that was. */
const BarCell = ({ axis, node }: { readonly axis: Interval; readonly node: SpanNode }) => {
  const bar = barOf(node)
  const { left, width } = placeOf(axis, bar)
  const total = axis.end - axis.start
  const waits = bar.waits.filter(({ end, start }) => ((end - start) / total) * 100 >= narrowestWait)
  return (
    <div class="lane" role="gridcell">
      <div class="bar" style={edges(axis, bar)}>
        {waits.map((gap) => (
          <div
            key={gap.start}
            class="wait"
            style={edges(bar, gap)}
            title={`waited ${formatMillis(gap.end - gap.start)}`}
          />
        ))}
      </div>
      <span class="length" style={{ left: `calc(${left + width}% + 6px)` }}>
        {formatMillis(bar.end - bar.start)}
      </span>
    </div>
  )
}

const deepestIndent = 24

const NameCell = (properties: { readonly row: Row; readonly folded: boolean; readonly toggle: () => void }) => {
  const { level, node } = properties.row
  const { error } = node.span
  const foldSign = node.children.length === 0 ? "" : properties.folded ? "▸" : "▾"
  return (
    <div
      class="label"
      role="gridcell"
      title={node.label}
      style={{ paddingLeft: `${Math.min(level - 1, deepestIndent) * 14 + 4}px` }}
    >
      <span
        class="fold"
        aria-hidden="true"
        onClick={(event) => {
          event.stopPropagation()
          properties.toggle()
        }}
      >
        {foldSign}
      </span>
      {error === undefined ? null : (
        <span class="mark" title={error || "failed"}>
          ✕
        </span>
      )}
      <span class="text">{node.label}</span>
      {node.kind === "invocation" ? <span class="key">{keyOf(node.span)}</span> : null}
      {node.orphan ? (
        <span class="orphan" title="Its parent is not in this trace, or has not ended yet">
          ↰
        </span>
      ) : null}
      {error ? <span class="reason">{error}</span> : null}
      {properties.folded && node.kind !== "repeat" ? <span class="inside-count">{node.children.length}</span> : null}
    </div>
  )
}

/** One line per row. It is a tree grid: arrows move, fold and unfold, Enter opens. */
export const Waterfall = (properties: WaterfallProperties) => {
  const { axis, isFolded, rows, select, selected, toggle } = properties
  const [focused, setFocused] = useState("")
  const entry = rows.find(({ node }) => node.span.spanId === focused) ?? rows[0]
  return (
    <div class="rows" role="treegrid" aria-label="Spans">
      {rows.map((row) => {
        const { node } = row
        const id = node.span.spanId
        const folded = isFolded(node)
        const states = [
          node.kind,
          ...(node.span.error === undefined ? [] : ["failed"]),
          ...(id === selected ? ["selected"] : [])
        ]
        return (
          <div
            key={id}
            class={`row ${states.join(" ")}`}
            role="row"
            tabIndex={row === entry ? 0 : -1}
            aria-level={row.level}
            aria-selected={id === selected}
            {...(node.children.length === 0 ? {} : { "aria-expanded": !folded })}
            style={hueStyle(node.service)}
            onFocus={() => setFocused(id)}
            onClick={() => select(node)}
            onKeyDown={(event) => {
              const action = actionOf(event, { ...row, isFolded: folded })
              if (action === undefined) return
              event.preventDefault()
              if (action === "toggle") toggle(node)
              else if (action === "select") select(node)
              else action.focus()
            }}
          >
            <NameCell row={row} folded={folded} toggle={() => toggle(node)} />
            <div class="program" role="gridcell">
              {node.span.program}
            </div>
            <BarCell node={node} axis={axis} />
          </div>
        )
      })}
    </div>
  )
}
