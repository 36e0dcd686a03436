type Content = Node | string

export interface Properties {
  readonly class?: string
  readonly href?: string
  readonly title?: string
  readonly text?: string
  readonly attributes?: Readonly<Record<string, string>>
}

/** An element with text or children. What spans say never becomes markup. */
export const element = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { attributes = {}, class: className, href, text, title }: Properties = {},
  ...children: ReadonlyArray<Content>
): HTMLElementTagNameMap[K] => {
  const made = document.createElement(tag)
  if (className !== undefined) made.className = className
  if (title !== undefined) made.title = title
  if (text !== undefined) made.textContent = text
  if (href !== undefined) made.setAttribute("href", href)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/** Hues apart from the red of errors, the same for a service on every page. */
const hues = [212, 152, 268, 32, 186, 322, 96, 240, 52, 290]

/** Sets `--hue`, which the style sheet makes the service's colours of. Services are told apart in the order they come in. */
export const colouring = () => {
  const known = new Map<string, number>()
  return (target: HTMLElement, service: string): void => {
    const index = known.get(service) ?? known.size
    known.set(service, index)
    target.style.setProperty("--hue", String(hues[index % hues.length]))
  }
}
