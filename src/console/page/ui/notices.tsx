import type { ComponentChildren } from "preact"
import type { Resource } from "./resource.tsx"

/** What stands where rows would. */
export const Empty = ({ children }: { readonly children: ComponentChildren }) => (
  <p class="empty" role="status">
    {children}
  </p>
)

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The answer of a resource once there is one; until then what is waited for, and what failed. */
export const Loaded = <A,>(properties: {
  readonly of: Resource<A>
  readonly children: (data: A) => ComponentChildren
}) => {
  const { data, error } = properties.of
  return (
    <>
      {error === undefined ? null : (
        <p class="notice bad" role="alert">
          {data === undefined ? "This cannot be shown: " : "This is the last answer; the refresh failed: "}
          {textOf(error)}
        </p>
      )}
      {data === undefined ? error === undefined ? <Empty>Loading…</Empty> : null : properties.children(data)}
    </>
  )
}
