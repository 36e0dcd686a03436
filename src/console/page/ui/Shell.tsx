import type { ComponentChildren } from "preact"
import { useRef } from "preact/hooks"

export interface ShellProperties {
  readonly brand: string
  readonly navigation?: ComponentChildren
  /** At the end of the bar. */
  readonly aside?: ComponentChildren
  readonly children: ComponentChildren
}

/** The bar at the top and the content below it, with a button that skips the bar. */
export const Shell = ({ aside, brand, children, navigation }: ShellProperties) => {
  const main = useRef<HTMLElement>(null)
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <header class="top">
        <span class="brand">{brand}</span>
        {navigation === undefined ? null : <nav aria-label="Pages">{navigation}</nav>}
        {aside === undefined ? null : <div class="aside">{aside}</div>}
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
    </>
  )
}
