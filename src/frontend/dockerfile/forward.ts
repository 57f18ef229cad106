import type { FrontendRequest, FrontendResult } from "../contract.ts";
import type { Build } from "./build.ts";
import { detectSyntax, locate, reworded, sourceDetailsOf } from "./parse/index.ts";

/**
 * Hands the build to the frontend image that `build-arg:BUILDKIT_SYNTAX` or a syntax directive names. Undefined when there
 * is none, or when this is already that frontend (`cmdline` is set).
 */
export async function forwardIfAsked(request: FrontendRequest, build: Build): Promise<FrontendResult | undefined> {
  const { options } = request;
  if (options.cmdline !== undefined) return undefined;
  const argument = options["build-arg:BUILDKIT_SYNTAX"];
  if (argument !== undefined) {
    const [image = ""] = argument.trim().split(" ", 1);
    return forward(request, build, image, argument, (error) =>
      reworded(error, (message) => `failed with build-arg:BUILDKIT_SYNTAX = ${argument}: ${message}`),
    );
  }
  const directive = detectSyntax(build.entrypoint.data);
  if (directive === undefined) return undefined;
  return forward(request, build, directive.value, directive.line, (error) =>
    locate(error, build.entrypoint.file, directive.location),
  );
}

async function forward(
  request: FrontendRequest,
  { solver }: Build,
  source: string,
  cmdline: string,
  explain: (error: unknown) => Error,
): Promise<FrontendResult> {
  const options = { ...request.options, cmdline, source };
  try {
    return await solver.bridge.forward("gateway.v0", { ...request, options }, solver.scope);
  } catch (error) {
    throw sourceDetailsOf(error) === undefined ? explain(error) : error;
  }
}
