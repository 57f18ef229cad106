import { quietScope } from "../../kit/index.ts";
import { openStorage } from "../open.ts";
import { describeSnapshots } from "../testing/snapshot-store-suite.ts";
import { temporaryRoots } from "../testing/temporary-root.ts";

const newRoot = temporaryRoots();

describeSnapshots("overlay", () => openStorage({ root: newRoot(), snapshotter: "overlayfs" }, quietScope));
describeSnapshots("native", () => openStorage({ root: newRoot(), snapshotter: "native" }, quietScope));
describeSnapshots("recorded", () => openStorage({ root: newRoot(), snapshotter: "recorded" }, quietScope));
