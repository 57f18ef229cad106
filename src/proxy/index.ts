export { Authority } from "./authority.ts";
export type { AllowRequest } from "./forward.ts";
export { openProxyNetwork, type ProxyNetwork } from "./proxy.ts";
export { type ProxyRequest, RequestRecord } from "./request-record.ts";
export { trustIn } from "./trust-bundle.ts";
