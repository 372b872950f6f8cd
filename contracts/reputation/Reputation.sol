// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReputationRecorder} from "../escrow/IReputationRecorder.sol";
import {Formula} from "./Formula.sol";
import {IReputation, Record} from "./IReputation.sol";

/// @title Reputation
/// @notice See `IReputation` for the formula and the promise.
contract Reputation is IReputation {
    /// See `Formula`.
    uint256 public constant FULL_WEIGHT = Formula.FULL_WEIGHT;

    mapping(address recorder => mapping(address worker => mapping(bytes32 domain => Record))) private _records;

    /// @inheritdoc IReputationRecorder
    function record(address worker, bytes32 domain, uint256 reward, uint256 workerShareBps, bool ruled) external {
        (uint256 success, uint256 failure, uint256 won, uint256 lost) = Formula.partsOf(reward, workerShareBps, ruled);
        Record storage held = _records[msg.sender][worker][domain];
        held.successValue = uint96(Formula.addUpTo(type(uint96).max, held.successValue, success));
        held.failureValue = uint96(Formula.addUpTo(type(uint96).max, held.failureValue, failure));
        held.successes = uint32(Formula.addUpTo(type(uint32).max, held.successes, won));
        held.failures = uint32(Formula.addUpTo(type(uint32).max, held.failures, lost));
    }

    /// @inheritdoc IReputationRecorder
    function scoreOf(address recorder, address worker, bytes32 domain) external view returns (uint256) {
        Record memory held = _records[recorder][worker][domain];
        return Formula.scoreOf(held.successValue, held.failureValue);
    }

    /// @inheritdoc IReputation
    function recordOf(address recorder, address worker, bytes32 domain) external view returns (Record memory) {
        return _records[recorder][worker][domain];
    }
}
