import type { BuildRequest } from "../../engine/index.ts";
import type { control } from "../../grpc/index.ts";
import type { Init } from "../../wire/index.ts";
import type { HistoryFolder } from "./history-folder.ts";

type ResultInfo = Init<control.BuildResultInfo>;

/** Collects how the results of a build came about, as its record has it: a blob for each platform's result. */
export class ProvenanceResults {
  readonly #folder: HistoryFolder;
  readonly #byPlatform = new Map<string, ResultInfo>();

  constructor(folder: HistoryFolder) {
    this.#folder = folder;
  }

  readonly add: NonNullable<BuildRequest["onProvenance"]> = async (platform, { predicate, predicateType }) => {
    const blob = await this.#folder.putBlob(predicate, "application/vnd.in-toto+json");
    const annotations = new Map([["in-toto.io/predicate-type", predicateType]]);
    this.#byPlatform.set(platform, { attestations: [{ ...blob, annotations }] });
  };

  /** What was told, beside what was exported. */
  into(exported: ResultInfo | undefined): Pick<Init<control.BuildHistoryRecord>, "result" | "results"> {
    const { "": single, ...others } = Object.fromEntries(this.#byPlatform);
    const result = single === undefined ? exported : { ...exported, ...single };
    return { ...(result && { result }), results: new Map(Object.entries(others)) };
  }
}
