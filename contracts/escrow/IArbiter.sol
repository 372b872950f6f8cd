// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {JobId, Terms} from "./IEscrow.sol";

/// @title What the escrow needs of an arbiter
/// @notice An arbiter takes a case in `open` and ends it by calling `IEscrow.rule`, with the terms, from its own address.
/// One that never does costs the parties time only: the escrow's backstop splits the money by the terms' share.
interface IArbiter {
    /// @notice Takes the case and the disputant's bond, or reverts; then the dispute is not opened.
    /// The job is Disputed already when this is called, so an arbiter may rule at once.
    /// @param disputant The worker or the client, by its own word.
    /// @param data From the disputant's call, as it was.
    function open(JobId jobId, Terms calldata terms, address worker, address disputant, bytes calldata data) external;
}
