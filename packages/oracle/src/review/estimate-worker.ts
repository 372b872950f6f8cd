import { parentPort, workerData } from "node:worker_threads";
import type { EstimateQuestion } from "./estimate-thread.ts";
import { dawidSkene } from "./dawid-skene.ts";

/** The thread of estimate-thread.ts: one question, one answer. */
const { answers, known } = workerData as EstimateQuestion;
parentPort?.postMessage(dawidSkene(answers, { known }));
