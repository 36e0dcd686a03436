import { type ComponentChildren, createContext } from "preact"
import { useContext, useEffect, useRef, useState } from "preact/hooks"

interface Refresh {
  readonly isPaused: boolean
  readonly setPaused: (paused: boolean) => void
}

const RefreshContext = createContext<Refresh>({ isPaused: false, setPaused: () => {} })

/** Whether the pages below it refresh by themselves. */
export const RefreshProvider = ({ children }: { readonly children: ComponentChildren }) => {
  const [isPaused, setPaused] = useState(false)
  return <RefreshContext.Provider value={{ isPaused, setPaused }}>{children}</RefreshContext.Provider>
}

export const RefreshButton = () => {
  const { isPaused, setPaused } = useContext(RefreshContext)
  return (
    <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
      Pause refresh
    </button>
  )
}

export interface Resource<A> {
  /** The last answer; kept while a refresh fails. */
  readonly data: A | undefined
  /** Why the last request failed. */
  readonly error: unknown
  readonly reload: () => void
}

interface Loaded<A> {
  readonly key: string
  readonly data: A | undefined
  readonly error: unknown
}

/**
 * Loads what `key` names, and again `refreshMillis` after each answer while the tab is visible and refresh is not paused; only
 * once if it is zero. An answer for an earlier key is dropped.
 */
export const useResource = <A,>(
  key: string,
  load: (signal: AbortSignal) => Promise<A>,
  refreshMillis: number
): Resource<A> => {
  const { isPaused } = useContext(RefreshContext)
  const [loaded, setLoaded] = useState<Loaded<A>>({ key, data: undefined, error: undefined })
  const [round, setRound] = useState(0)
  const latest = useRef(load)
  latest.current = load
  const requested = useRef("")
  useEffect(() => {
    const controller = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const settle = (next: (last: Loaded<A>) => Loaded<A>) => {
      if (controller.signal.aborted) return
      setLoaded(next)
      schedule()
    }
    const request = () =>
      latest.current(controller.signal).then(
        (data) => settle(() => ({ key, data, error: undefined })),
        (error: unknown) => settle((last) => ({ key, data: last.key === key ? last.data : undefined, error }))
      )
    const schedule = () => {
      clearTimeout(timer)
      if (isPaused || refreshMillis === 0) return
      timer = setTimeout(() => (document.hidden ? schedule() : request()), refreshMillis)
    }
    const resumed = () => {
      if (document.hidden || isPaused || refreshMillis === 0) return
      clearTimeout(timer)
      request()
    }
    // A pause and its end do not load.
    const wanted = `${round} ${key}`
    if (requested.current !== wanted) request()
    else schedule()
    requested.current = wanted
    document.addEventListener("visibilitychange", resumed)
    return () => {
      controller.abort()
      clearTimeout(timer)
      document.removeEventListener("visibilitychange", resumed)
    }
  }, [key, isPaused, refreshMillis, round])
  const current = loaded.key === key ? loaded : { data: undefined, error: undefined }
  return { data: current.data, error: current.error, reload: () => setRound(round + 1) }
}
