// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What the escrow needs of a reputation
/// @notice Kept apart for each recorder: a record moves only what was recorded by the same sender, so nobody needs a
/// permission and nobody can touch what the escrow recorded.
interface IReputationRecorder {
    /// @notice Adds one settled (or lapsed) job to the sender's record of a worker.
    /// @param reward In base units.
    /// @param workerShareBps What the worker earned of it: 10,000 a success, 0 a failure, between: both in part.
    /// @param ruled Decided by an arbiter: what counts against the worker counts double.
    function record(address worker, bytes32 domain, uint256 reward, uint256 workerShareBps, bool ruled) external;

    /// @notice The worker's score by this recorder in WAD: 0.5e18 at the start.
    function scoreOf(address recorder, address worker, bytes32 domain) external view returns (uint256);
}
