// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IReputationRecorder} from "../escrow/IReputationRecorder.sol";
import {IReputation, Record} from "./IReputation.sol";

/// @title Reputation
/// @notice See `IReputation` for the formula and the promise.
contract Reputation is IReputation {
    /// 10 USDC: the reward from which on a job has the full weight, so that one large job can't buy a score.
    uint256 public constant FULL_WEIGHT = 10_000_000;

    uint256 private constant BPS = 10_000;
    uint256 private constant WAD = 1e18;

    mapping(address recorder => mapping(address worker => mapping(bytes32 domain => Record))) private _records;

    /// @inheritdoc IReputationRecorder
    function record(address worker, bytes32 domain, uint256 reward, uint256 workerShareBps, bool ruled) external {
        uint256 weight = Math.min(reward, FULL_WEIGHT);
        uint256 share = Math.min(workerShareBps, BPS);
        Record storage held = _records[msg.sender][worker][domain];
        // No sum can run over 256 bits; where one runs over its member it stays at the top, because a full counter must
        // not stop a payment.
        unchecked {
            uint256 success = (weight * share) / BPS;
            uint256 failure = (weight - success) << (ruled ? 1 : 0);
            uint256 won = share * 2 >= BPS ? 1 : 0;
            held.successValue = uint96(Math.min(held.successValue + success, type(uint96).max));
            held.failureValue = uint96(Math.min(held.failureValue + failure, type(uint96).max));
            held.successes = uint32(Math.min(held.successes + won, type(uint32).max));
            held.failures = uint32(Math.min(held.failures + (1 - won), type(uint32).max));
        }
    }

    /// @inheritdoc IReputationRecorder
    function scoreOf(address recorder, address worker, bytes32 domain) external view returns (uint256) {
        Record memory held = _records[recorder][worker][domain];
        uint256 good = 2 * FULL_WEIGHT + held.successValue;
        uint256 bad = 2 * FULL_WEIGHT + held.failureValue;
        return (good * WAD) / (good + bad);
    }

    /// @inheritdoc IReputation
    function recordOf(address recorder, address worker, bytes32 domain) external view returns (Record memory) {
        return _records[recorder][worker][domain];
    }
}
