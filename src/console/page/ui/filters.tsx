import { useEffect, useState } from "preact/hooks"
import { useRoute } from "./route.tsx"

/** Pages of the list start anew when a filter changes. */
const firstPage = { after: "" }

export interface Option {
  readonly value: string
  readonly text: string
}

/** A choice that the query holds as `name`; the first option is the default and is not in the query. */
export const SelectFilter = (properties: {
  readonly name: string
  readonly label: string
  readonly options: ReadonlyArray<Option>
}) => {
  const { query, setQuery } = useRoute()
  const given = query.get(properties.name) ?? ""
  const value = properties.options.some((option) => option.value === given) ? given : ""
  return (
    <label>
      <span>{properties.label}</span>
      <select
        value={value}
        onChange={(event) => setQuery({ ...firstPage, [properties.name]: event.currentTarget.value })}
      >
        {properties.options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </label>
  )
}

/** Milliseconds after the last key until the list is asked for. */
const typingPause = 250

/** A text that the query holds as `name`. */
export const TextFilter = (properties: {
  readonly name: string
  readonly label: string
  readonly placeholder: string
}) => {
  const { query, setQuery } = useRoute()
  const given = query.get(properties.name) ?? ""
  const [text, setText] = useState(given)
  useEffect(() => setText(given), [given])
  useEffect(() => {
    if (text === given) return undefined
    const timer = setTimeout(() => setQuery({ ...firstPage, [properties.name]: text.trim() }, "replace"), typingPause)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <label class="search">
      <span>{properties.label}</span>
      <input
        type="search"
        value={text}
        maxLength={200}
        placeholder={properties.placeholder}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </label>
  )
}

/** A check box that the query holds as `name=1`. */
export const CheckFilter = (properties: { readonly name: string; readonly label: string }) => {
  const { query, setQuery } = useRoute()
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={query.get(properties.name) === "1"}
        onChange={(event) => setQuery({ ...firstPage, [properties.name]: event.currentTarget.checked ? "1" : "" })}
      />
      <span>{properties.label}</span>
    </label>
  )
}
