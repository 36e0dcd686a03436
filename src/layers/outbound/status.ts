/** 2xx. */
export const isSuccess = ({ status }: { readonly status: number }): boolean => status >= 200 && status < 300

/** The reason of a failed status as the errors of services name it. */
export const reasonOfStatus = (status: number): "denied" | "unavailable" | "unexpected-answer" => {
  if (status === 401 || status === 403) return "denied"
  return status >= 500 || status === 429 ? "unavailable" : "unexpected-answer"
}
