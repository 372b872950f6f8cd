// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Job, Status} from "./IEscrow.sol";

/// @dev A `Job` in its one storage word: status 8 bits, until 40, round 32, worker 160. Packed here rather than by the
/// compiler, which copies a struct by way of memory and writes the slot twice.
type JobSlot is uint256;

using {status, isIn, until, round, worker, toJob} for JobSlot global;

function status(JobSlot slot) pure returns (Status) {
    return Status(uint8(JobSlot.unwrap(slot)));
}

/// @dev Whether the status is in a bitmap of statuses.
function isIn(JobSlot slot, uint256 bitmap) pure returns (bool) {
    return (bitmap >> uint8(JobSlot.unwrap(slot))) & 1 == 1;
}

function until(JobSlot slot) pure returns (uint256) {
    return uint40(JobSlot.unwrap(slot) >> 8);
}

function round(JobSlot slot) pure returns (uint256) {
    return uint32(JobSlot.unwrap(slot) >> 48);
}

function worker(JobSlot slot) pure returns (address) {
    return address(uint160(JobSlot.unwrap(slot) >> 80));
}

function toJob(JobSlot slot) pure returns (Job memory) {
    return Job(slot.status(), slot.worker(), uint40(slot.until()), uint32(slot.round()));
}

/// @dev `atRound` and `untilTime` must fit their bits: see `Job` for why they do.
function pack(Status inStatus, uint256 untilTime, uint256 atRound, address byWorker) pure returns (JobSlot) {
    uint256 word = uint8(inStatus) | (untilTime << 8) | (atRound << 48) | (uint256(uint160(byWorker)) << 80);
    return JobSlot.wrap(word);
}
