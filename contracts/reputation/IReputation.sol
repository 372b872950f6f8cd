// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReputationRecorder} from "../escrow/IReputationRecorder.sol";

/// @notice What one recorder holds of one worker in one domain, in one storage slot.
struct Record {
    /// S and F of the formula, in base units of capped reward.
    uint96 successValue;
    uint96 failureValue;
    /// Jobs of which the worker earned half or more, and the others.
    uint32 successes;
    uint32 failures;
}

/// @title Reputation of HireForHumans
/// @notice The mean of a beta distribution: score = (2 + S) / (4 + S + F), where a job counts by its reward up to 10 USDC,
/// which is the weight 1. A newcomer has 0.50; 17 clean jobs of full weight pass 0.90.
///
/// No events: a record is made inside an operation of the recorder, which tells of itself.
///
/// Promise: what was recorded by a recorder is moved by that recorder only, and nobody else: there is no owner.
/// Assumption: a reader names a recorder that it trusts (an escrow that records settled jobs only).
interface IReputation is IReputationRecorder {
    function recordOf(address recorder, address worker, bytes32 domain) external view returns (Record memory);
}
