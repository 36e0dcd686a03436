import type { Row } from "../tree.ts"

export type TreeAction = "toggle" | "select" | HTMLElement

const elementOf = (target: Element | null | undefined): HTMLElement | undefined =>
  target instanceof HTMLElement ? target : undefined

/** The nearest row above that is one level out. */
const parentRow = (row: HTMLElement, level: number): Element | null => {
  let above = row.previousElementSibling
  while (above !== null && Number(above.getAttribute("aria-level")) >= level) above = above.previousElementSibling
  return above
}

/** What a key does in a tree grid (WAI-ARIA Authoring Practices): an action on the row, or the row to move to. */
export const actionOf = (
  event: KeyboardEvent & { readonly currentTarget: HTMLElement },
  row: Row & { readonly isFolded: boolean }
): TreeAction | undefined => {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined
  const element = event.currentTarget
  const hasChildren = row.node.children.length > 0
  switch (event.key) {
    case "ArrowDown":
      return elementOf(element.nextElementSibling)
    case "ArrowUp":
      return elementOf(element.previousElementSibling)
    case "Home":
      return elementOf(element.parentElement?.firstElementChild)
    case "End":
      return elementOf(element.parentElement?.lastElementChild)
    case "ArrowRight":
      if (!hasChildren) return undefined
      return row.isFolded ? "toggle" : elementOf(element.nextElementSibling)
    case "ArrowLeft":
      return hasChildren && !row.isFolded ? "toggle" : elementOf(parentRow(element, row.level))
    case "Enter":
    case " ":
      return "select"
    default:
      return undefined
  }
}
