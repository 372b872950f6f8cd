// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {IArbiter} from "../../../contracts/escrow/IArbiter.sol";
import {IEscrow, JobId, Terms} from "../../../contracts/escrow/IEscrow.sol";

/// @notice What the arbiter does when a case is opened.
enum Manner {
    Waits,
    Refuses,
    RefusesAtLength,
    RulesAtOnce,
    Meddles
}

/// @notice An arbiter that does as the disputant's data says.
contract Arbiter is IArbiter {
    error Refused();

    /// Zero bytes. Whoever has the gas to hand on such a reason has not the gas to copy it once more.
    uint256 private constant LONG_REASON = 800_000;

    IEscrow private immutable ESCROW;
    /// Whether any other end than a ruling could be forced from inside the dispute.
    bool public meddled;

    constructor(IEscrow escrow) {
        ESCROW = escrow;
    }

    function open(JobId, Terms calldata terms, address, address disputant, bytes calldata data) external {
        (Manner manner, uint256 workerShareBps) = abi.decode(data, (Manner, uint256));
        if (manner == Manner.Refuses) revert Refused();
        if (manner == Manner.RefusesAtLength) LowLevelCall.bubbleRevert(new bytes(LONG_REASON));
        if (manner == Manner.RulesAtOnce) ESCROW.rule(terms, workerShareBps);
        if (manner == Manner.Meddles) meddled = meddled || _meddle(terms, disputant);
    }

    function _meddle(Terms calldata terms, address disputant) private returns (bool any) {
        bytes[5] memory calls = [
            abi.encodeCall(IEscrow.settle, (terms)),
            abi.encodeCall(IEscrow.refund, (terms)),
            abi.encodeCall(IEscrow.reopen, (terms)),
            abi.encodeCall(IEscrow.cancel, (terms, 0, "")),
            abi.encodeCall(IEscrow.dispute, (terms, disputant, 0, 0, "", ""))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool succeeded, ) = address(ESCROW).call(calls[i]);
            any = any || succeeded;
        }
    }
}
