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
        uint256 success = (weight * share) / BPS;
        uint256 failure = (weight - success) * (ruled ? 2 : 1);

        Record storage held = _records[msg.sender][worker][domain];
        Record memory next = _added(held, success, failure, share * 2 >= BPS);
        _records[msg.sender][worker][domain] = next;
        emit Recorded(msg.sender, worker, domain, next.successValue, next.failureValue);
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

    /// @dev Saturates instead of reverting: a full counter must not stop a payment.
    function _added(
        Record memory held,
        uint256 success,
        uint256 failure,
        bool counted
    ) private pure returns (Record memory) {
        return
            Record(
                uint96(Math.min(held.successValue + success, type(uint96).max)),
                uint96(Math.min(held.failureValue + failure, type(uint96).max)),
                uint32(Math.min(uint256(held.successes) + (counted ? 1 : 0), type(uint32).max)),
                uint32(Math.min(uint256(held.failures) + (counted ? 0 : 1), type(uint32).max))
            );
    }
}
