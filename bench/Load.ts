import { Agent, request } from "node:http"

/** What was measured while one variant of a handler was called for a while. */
export interface Sample {
  readonly requestsPerSecond: number
  /** How long each request took. */
  readonly millis: ReadonlyArray<number>
  /** Processor time of the worker per request. */
  readonly workerMicros: number
}

export interface LoadOptions {
  readonly ingress: string
  readonly worker: string
  readonly inFlight: number
  readonly seconds: number
}

export interface Subject {
  readonly service: string
  readonly handler: string
  readonly body: string | undefined
}

/** Enough that requests rarely meet on a key, which would measure the queue of that key. */
const keys = 2000

const agent = new Agent({ keepAlive: true, maxSockets: 256 })

const send = (method: "GET" | "POST", url: string, body?: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const headers =
      body === undefined
        ? { "content-length": 0 }
        : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
    const sent = request(url, { method, agent, headers }, (response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("error", reject)
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString()
        if (response.statusCode === 200) resolve(text)
        else reject(new Error(`${url} answered ${response.statusCode}: ${text}`))
      })
    })
    sent.on("error", reject)
    sent.end(body)
  })

/** Asks the bench worker about itself. */
export const askWorker = (worker: string, path: string): Promise<string> => send("GET", `${worker}/bench/${path}`)

/** Processor time of one invocation in the worker, in microseconds, with the server and the network left out. */
export const measureAlone = async (subject: Subject, worker: string, count: number): Promise<number> => {
  const { body = "", handler, service } = subject
  const query = new URLSearchParams({ service, handler, body, count: String(count) })
  return Number(await askWorker(worker, `loopback?${query}`))
}

/** Calls the handler from `inFlight` callers at once, each at least once, and waiting for its answer before the next request. */
export const measure = async (subject: Subject, options: LoadOptions): Promise<Sample> => {
  const { service, handler, body } = subject
  const millis: Array<number> = []
  const processorBefore = Number(await askWorker(options.worker, "processor"))
  const startedAt = performance.now()
  const end = startedAt + options.seconds * 1000
  const caller = async (): Promise<void> => {
    let now = performance.now()
    do {
      const key = Math.floor(Math.random() * keys)
      await send("POST", `${options.ingress}/${service}/${key}/${handler}`, body)
      const answeredAt = performance.now()
      millis.push(answeredAt - now)
      now = answeredAt
    } while (now < end)
  }
  await Promise.all(Array.from({ length: options.inFlight }, caller))
  const seconds = (performance.now() - startedAt) / 1000
  const processor = Number(await askWorker(options.worker, "processor")) - processorBefore
  return {
    requestsPerSecond: millis.length / seconds,
    millis,
    workerMicros: processor / millis.length
  }
}
