import { type ComponentChildren, Fragment } from "preact"

export type Fact = readonly [name: string, value: ComponentChildren]

/** Names and values; one without a value is left out. */
export const Facts = ({ of }: { readonly of: ReadonlyArray<Fact> }) => (
  <dl class="facts">
    {of
      .filter(([, value]) => value !== null && value !== "")
      .map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
  </dl>
)

export const Block = ({ children, title }: { readonly title: string; readonly children: ComponentChildren }) => (
  <section class="block" aria-label={title}>
    <h2>{title}</h2>
    {children}
  </section>
)
