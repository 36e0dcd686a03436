import type { ComponentChildren } from "preact"
import { useEffect, useRef } from "preact/hooks"
import { useRoute } from "./route.tsx"

export interface PageProperties {
  /** The heading and the title of the document. */
  readonly title: string
  /** After the heading, smaller. */
  readonly subtitle?: ComponentChildren
  readonly toolbar?: ComponentChildren
  readonly children: ComponentChildren
}

/** The path that was shown before, so that the first page does not take the focus. */
let shownPath: string | undefined

/** One page. A change of the path moves the focus to its heading, as a load of a document would. */
export const Page = ({ children, subtitle, title, toolbar }: PageProperties) => {
  const heading = useRef<HTMLHeadingElement>(null)
  const { path } = useRoute()
  useEffect(() => {
    document.title = `${title} · Control plane worker`
  }, [title])
  useEffect(() => {
    if (shownPath !== undefined && shownPath !== path) {
      window.scrollTo(0, 0)
      heading.current?.focus()
    }
    shownPath = path
  }, [path])
  return (
    <>
      <div class="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {subtitle}
        {toolbar === undefined ? null : <div class="toolbar">{toolbar}</div>}
      </div>
      {children}
    </>
  )
}
