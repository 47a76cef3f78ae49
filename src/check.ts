/**
 * The start check: what would make everything else fail later with a worse message is said now, in one sentence.
 * What can only be known by trying (the port, the token, the intents) is said by the room that tries it.
 */
import { mkdirSync, statfsSync } from 'node:fs';
import os from 'node:os';
import { UserError } from './errors.ts';

/** What onnxruntime-node 1.30 ships: no Intel Mac, and on Linux only glibc. */
const SUPPORTED = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'];
const LEAST_MEMORY_MB = 900; // bot and trainer with sprout stay under 700 MB; the system needs some too
const LEAST_DISK_MB = 300;

export interface Machine {
  platform: string;
  glibc: boolean;
  totalMemoryMb: number;
  freeDiskMb: number;
}

/** Looks at this machine. `dataFolder` is made if it is not there yet: it tells whether we may write, and on which disk. */
export function inspectMachine(dataFolder: string): Machine {
  try {
    mkdirSync(dataFolder, { recursive: true });
  } catch (cause) {
    throw new UserError('data_folder_unwritable', { folder: dataFolder }, { cause });
  }
  const disk = statfsSync(dataFolder);
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return {
    platform: `${process.platform}-${process.arch}`,
    glibc: process.platform !== 'linux' || report.header?.glibcVersionRuntime !== undefined,
    totalMemoryMb: os.totalmem() / 2 ** 20,
    freeDiskMb: (disk.bavail * disk.bsize) / 2 ** 20,
  };
}

/** @throws UserError naming the first thing that is not enough, and what to do about it. */
export function checkMachine(machine: Machine): void {
  if (!SUPPORTED.includes(machine.platform) || !machine.glibc) {
    const platform = machine.glibc ? machine.platform : `${machine.platform} (musl)`;
    throw new UserError('platform_unsupported', { platform, supported: SUPPORTED.join(', ') });
  }
  if (machine.totalMemoryMb < LEAST_MEMORY_MB) {
    throw new UserError('memory_too_small', { have: Math.round(machine.totalMemoryMb), need: LEAST_MEMORY_MB });
  }
  if (machine.freeDiskMb < LEAST_DISK_MB) {
    throw new UserError('disk_too_small', { have: Math.round(machine.freeDiskMb), need: LEAST_DISK_MB });
  }
}
