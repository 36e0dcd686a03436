import { type ComponentChildren, createContext } from "preact"
import { useContext, useEffect, useMemo, useState } from "preact/hooks"

/** `path`: the address bar has the path. `hash`: what follows `#` is the path, for a server that has one page only. */
export type RouteMode = "path" | "hash"

export interface Location {
  /** Begins with a slash. */
  readonly path: string
  readonly query: URLSearchParams
}

export interface Route extends Location {
  /** The address of a path of this page. */
  readonly href: (path: string, query?: Readonly<Record<string, string>>) => string
  /** Changes values of the query; an empty one is removed. Typing replaces the entry in the history, other changes add one. */
  readonly setQuery: (changes: Readonly<Record<string, string>>, history?: "push" | "replace") => void
}

const parse = (text: string): Location => {
  const [path = "", ...query] = text.split("?")
  return { path: path.startsWith("/") ? path : `/${path}`, query: new URLSearchParams(query.join("?")) }
}

const read = (mode: RouteMode): Location =>
  parse(mode === "path" ? location.pathname + location.search : location.hash.replace(/^#/, ""))

const suffix = (query: URLSearchParams): string => {
  const text = query.toString()
  return text === "" ? "" : `?${text}`
}

/** The address of this page that a plain click on the link leads to; undefined if the browser must follow it. */
const ownTarget = (event: MouseEvent): string | undefined => {
  const link = event.target instanceof Element ? event.target.closest("a") : null
  if (link === null || event.defaultPrevented || event.button !== 0) return undefined
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return undefined
  if (link.target !== "" || link.origin !== location.origin) return undefined
  return link.hash !== "" && link.pathname === location.pathname ? undefined : link.pathname + link.search
}

const RouteContext = createContext<Route | undefined>(undefined)

/** Follows the address bar. Links are plain anchors. */
export const Router = ({ children, mode }: { readonly children: ComponentChildren; readonly mode: RouteMode }) => {
  const [current, setCurrent] = useState(() => read(mode))
  useEffect(() => {
    const follow = () => setCurrent(read(mode))
    const click = (event: MouseEvent) => {
      const target = ownTarget(event)
      if (target === undefined) return
      event.preventDefault()
      history.pushState(null, "", target)
      follow()
    }
    window.addEventListener("popstate", follow)
    window.addEventListener("hashchange", follow)
    if (mode === "path") document.addEventListener("click", click)
    return () => {
      window.removeEventListener("popstate", follow)
      window.removeEventListener("hashchange", follow)
      document.removeEventListener("click", click)
    }
  }, [mode])
  const route = useMemo((): Route => {
    const prefix = mode === "path" ? "" : "#"
    return {
      ...current,
      href: (path, query = {}) => `${prefix}${path}${suffix(new URLSearchParams(query))}`,
      setQuery: (changes, how = "push") => {
        const { path, query } = read(mode)
        for (const [name, value] of Object.entries(changes)) {
          if (value === "") query.delete(name)
          else query.set(name, value)
        }
        const target = `${prefix}${path}${suffix(query)}`
        if (how === "push") history.pushState(null, "", target)
        else history.replaceState(null, "", target)
        setCurrent(read(mode))
      }
    }
  }, [current, mode])
  return <RouteContext.Provider value={route}>{children}</RouteContext.Provider>
}

export const useRoute = (): Route => {
  const route = useContext(RouteContext)
  if (route === undefined) throw new Error("useRoute needs a Router above it")
  return route
}
