import { field, map, message, method, repeated, service } from "./protobuf.ts"

/**
 * BuildKit's messages as protobuf field numbers. Only used fields are listed; others are skipped on the wire. Names are camel
 * case versions; the wire format has only numbers.
 */
const control = {
  Timestamp: message({ seconds: field("int64", 1), nanos: field("int32", 2) }),
  Exporter: message({ type: field("string", 1), attrs: map(2) }),
  SourceSelector: message({ identifier: field("string", 1), matchType: field("int32", 2) }),
  SourceRule: message({ action: field("int32", 1), selector: field("SourceSelector", 2) }),
  SourcePolicy: message({ version: field("int64", 1), rules: repeated("SourceRule", 2) }),
  SolveRequest: message({
    ref: field("string", 1),
    exporterDeprecated: field("string", 3),
    exporterAttrsDeprecated: map(4),
    session: field("string", 5),
    frontend: field("string", 6),
    frontendAttrs: map(7),
    // Since BuildKit 0.11; older daemons ignore it.
    sourcePolicy: field("SourcePolicy", 12),
    // Since BuildKit 0.13; older daemons read the two deprecated fields.
    exporters: repeated("Exporter", 13)
  }),
  SolveResponse: message({ exporterResponse: map(1) }),
  StatusRequest: message({ ref: field("string", 1) }),
  Vertex: message({
    digest: field("string", 1),
    name: field("string", 3),
    cached: field("bool", 4),
    started: field("Timestamp", 5),
    completed: field("Timestamp", 6),
    error: field("string", 7)
  }),
  VertexLog: message({
    vertex: field("string", 1),
    timestamp: field("Timestamp", 2),
    stream: field("int64", 3),
    message: field("bytes", 4)
  }),
  StatusResponse: message({ vertexes: repeated("Vertex", 1), logs: repeated("VertexLog", 3) }),
  BytesMessage: message({ data: field("bytes", 1) }),
  BuildHistoryRequest: message({ activeOnly: field("bool", 1), ref: field("string", 2), earlyExit: field("bool", 3) }),
  BuildHistoryRecord: message({ ref: field("string", 1) }),
  BuildHistoryEvent: message({ record: field("BuildHistoryRecord", 2) }),
  InfoRequest: message({}),
  BuildkitVersion: message({ package: field("string", 1), version: field("string", 2) }),
  InfoResponse: message({ buildkitVersion: field("BuildkitVersion", 1) }),
  Control: {
    methods: {
      Solve: method("SolveRequest", "SolveResponse"),
      Status: method("StatusRequest", "StatusResponse", { response: true }),
      Session: method("BytesMessage", "BytesMessage", { request: true, response: true }),
      ListenBuildHistory: method("BuildHistoryRequest", "BuildHistoryEvent", { response: true }),
      Info: method("InfoRequest", "InfoResponse")
    }
  }
}

const secrets = {
  GetSecretRequest: message({ id: field("string", 1) }),
  GetSecretResponse: message({ data: field("bytes", 1) }),
  Secrets: { methods: { GetSecret: method("GetSecretRequest", "GetSecretResponse") } }
}

const auth = {
  CredentialsRequest: message({ host: field("string", 1) }),
  CredentialsResponse: message({ username: field("string", 1), secret: field("string", 2) }),
  FetchTokenRequest: message({
    clientId: field("string", 1),
    host: field("string", 2),
    realm: field("string", 3),
    service: field("string", 4),
    scopes: repeated("string", 5)
  }),
  FetchTokenResponse: message({ token: field("string", 1), expiresIn: field("int64", 2), issuedAt: field("int64", 3) }),
  GetTokenAuthorityRequest: message({ host: field("string", 1), salt: field("bytes", 2) }),
  GetTokenAuthorityResponse: message({ publicKey: field("bytes", 1) }),
  VerifyTokenAuthorityRequest: message({
    host: field("string", 1),
    payload: field("bytes", 2),
    salt: field("bytes", 3)
  }),
  VerifyTokenAuthorityResponse: message({ signed: field("bytes", 1) }),
  Auth: {
    methods: {
      Credentials: method("CredentialsRequest", "CredentialsResponse"),
      FetchToken: method("FetchTokenRequest", "FetchTokenResponse"),
      GetTokenAuthority: method("GetTokenAuthorityRequest", "GetTokenAuthorityResponse"),
      VerifyTokenAuthority: method("VerifyTokenAuthorityRequest", "VerifyTokenAuthorityResponse")
    }
  }
}

const health = {
  HealthCheckRequest: message({ service: field("string", 1) }),
  HealthCheckResponse: message({ status: field("int32", 1) }),
  Health: { methods: { Check: method("HealthCheckRequest", "HealthCheckResponse") } }
}

/** google.rpc.Status: error details that gRPC sends in a header. */
const status = {
  Any: message({ typeUrl: field("string", 1), value: field("bytes", 2) }),
  Status: message({ code: field("int32", 1), message: field("string", 2), details: repeated("Any", 3) }),
  // A dummy method, so that proto-loader builds the codec.
  Codec: { methods: { Status: method("Status", "Status") } }
}

export const ControlService = service("moby.buildkit.v1", control, "Control")
export const SecretsService = service("moby.buildkit.secrets.v1", secrets, "Secrets")
export const AuthService = service("moby.filesync.v1", auth, "Auth")
export const HealthService = service("grpc.health.v1", health, "Health")
const Codec = service("worker.status", status, "Codec")

export interface Timestamp {
  readonly seconds: number
  readonly nanos: number
}

export interface Vertex {
  readonly digest: string
  readonly name: string
  readonly cached: boolean
  readonly started: Timestamp | null
  readonly completed: Timestamp | null
  readonly error: string
}

export interface VertexLog {
  readonly vertex: string
  readonly timestamp: Timestamp | null
  /** 1 standard output, 2 standard error. */
  readonly stream: number
  readonly message: Buffer
}

export interface StatusResponse {
  readonly vertexes: ReadonlyArray<Vertex>
  readonly logs: ReadonlyArray<VertexLog>
}

export interface BuildHistoryRequest {
  readonly activeOnly: boolean
  /** Empty: any build. */
  readonly ref: string
  /** Ends after the current records instead of following new ones. */
  readonly earlyExit: boolean
}

export interface BuildHistoryEvent {
  readonly record: { readonly ref: string } | null
}

/** moby.buildkit.v1.sourcepolicy.Policy, the fields in use. */
export interface SourcePolicy {
  readonly version: number
  readonly rules: ReadonlyArray<{
    /** 0 allows, 1 denies. */
    readonly action: number
    /** Match type 2 is a regular expression. */
    readonly selector: { readonly identifier: string; readonly matchType: number }
  }>
}

export interface SolveRequest {
  readonly ref: string
  readonly session: string
  readonly frontend: string
  readonly frontendAttrs: Readonly<Record<string, string>>
  readonly sourcePolicy: SourcePolicy
  readonly exporters: ReadonlyArray<{ readonly type: string; readonly attrs: Readonly<Record<string, string>> }>
  readonly exporterDeprecated: string
  readonly exporterAttrsDeprecated: Readonly<Record<string, string>>
}

export interface SolveResponse {
  readonly exporterResponse: Readonly<Record<string, string>>
}

export interface InfoResponse {
  readonly buildkitVersion: { readonly package: string; readonly version: string } | null
}

export interface RpcStatus {
  readonly details: ReadonlyArray<{ readonly typeUrl: string; readonly value: Buffer }>
}

export const decodeStatus: (bytes: Buffer) => RpcStatus = Codec.Status.responseDeserialize
