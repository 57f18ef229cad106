export { loadNamedContext } from "./context/load-named-context.ts";
export { dockerfileFrontend } from "./frontend.ts";
