import type { ComponentChildren } from "preact"
import { useEffect, useRef, useState } from "preact/hooks"

export interface ConfirmDialogProperties {
  readonly title: string
  /** What the action does, and what is lost. */
  readonly children: ComponentChildren
  readonly confirmText: string
  /** Whether something is lost that cannot be had back. */
  readonly isDestructive: boolean
  /** Undefined once it is done, else why it was refused. */
  readonly confirm: () => Promise<string | undefined>
  readonly close: () => void
}

/** A modal dialog. The first focus is the button that changes nothing; afterwards it returns to where it was. */
export const ConfirmDialog = (properties: ConfirmDialogProperties) => {
  const dialog = useRef<HTMLDialogElement>(null)
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string>()
  useEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  const confirm = async () => {
    setBusy(true)
    setRefusal(undefined)
    const refused = await properties.confirm().catch((error: unknown) => String(error))
    setBusy(false)
    if (refused === undefined) properties.close()
    else setRefusal(refused)
  }
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" aria-describedby="dialog-text" onClose={properties.close}>
      <h2 id="dialog-title">{properties.title}</h2>
      <div id="dialog-text">{properties.children}</div>
      {refusal === undefined ? null : (
        <p class="notice bad" role="alert">
          {refusal}
        </p>
      )}
      <div class="dialog-buttons">
        <button type="button" onClick={() => dialog.current?.close()}>
          Keep it as it is
        </button>
        <button
          type="button"
          class={properties.isDestructive ? "danger" : "primary"}
          disabled={isBusy}
          onClick={confirm}
        >
          {isBusy ? "Working…" : properties.confirmText}
        </button>
      </div>
    </dialog>
  )
}
