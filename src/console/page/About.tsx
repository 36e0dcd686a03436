import { type ComponentChildren, createContext } from "preact"
import { useContext } from "preact/hooks"
import type { AboutJson } from "../api/about.ts"

const nothing: AboutJson = {
  version: "",
  actions: false,
  user: null,
  hasLogin: false,
  traceUrl: null,
  restateUi: null,
  sources: []
}

const AboutContext = createContext<AboutJson>(nothing)

export const AboutProvider = (properties: {
  readonly about: AboutJson | undefined
  readonly children: ComponentChildren
}) => <AboutContext.Provider value={properties.about ?? nothing}>{properties.children}</AboutContext.Provider>

/** This console; before it has answered, one without actions and links. */
export const useAbout = (): AboutJson => useContext(AboutContext)
