import { readFile } from "node:fs/promises";

/** Linux counts in hundredths of a second, whatever the kernel's own tick is: `getconf CLK_TCK`. */
const MS_PER_TICK = 10;
/** Fields of /proc/PID/stat behind the command's name, which may hold blanks: utime and stime, see proc(5). */
const UTIME = 11;
const STIME = 12;

/** @returns milliseconds of a core that a process of this machine has used, 0 where it can't be told */
export async function cpuMsOf(pid: number): Promise<number> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[UTIME]) + Number(fields[STIME])) * MS_PER_TICK;
  } catch {
    // Gone, on another machine, or no Linux.
    return 0;
  }
}
