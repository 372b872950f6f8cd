// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow, Job, Status} from "../../../contracts/escrow/IEscrow.sol";
import {Rules} from "./Rules.sol";
import {Entry, Move, Op, OPS} from "./Store.sol";
import {vm} from "./Vm.sol";

/// @notice The end of every sequence: rule 3, told by a stranger who is alone with the chain.
abstract contract Finale is Rules {
    /// From the last end of a window that the terms allow, a job takes at most this many calls of anybody.
    uint256 private constant CALLS_TO_THE_END = 2;

    /// 3. From every state that is not final, calls that anyone may make lead to a final one in bounded time, also while USDC
    /// is paused, receivers are blocked and the reputation is broken.
    function rule3_strangerEndsEveryJob() external {
        for (uint256 i = 0; i < jobs.length; ++i) {
            for (uint256 calls = 0; calls < CALLS_TO_THE_END; ++calls) {
                if (!_isFinal(ESCROW.job(jobs[i].id).status)) _perform(_nextOfAnyone(i));
            }
            require(_isFinal(ESCROW.job(jobs[i].id).status), "rule 3: a job has no end that anyone can bring");
        }
    }

    /// 7. Once USDC works again and nobody is blocked, everybody gets its credit by a stranger's call, and nothing is left but
    /// what was sent in.
    function rule7_allMoneyHasAnOwner() external {
        if (USDC.paused()) _setPaused(false);
        for (uint256 i = 0; i <= parties.length; ++i) _unblock(i);
        for (uint256 i = 0; i < parties.length; ++i) {
            if (credits[parties[i].account] > 0) _perform(_withdrawal(parties[i].account));
        }
        require(USDC.balanceOf(address(ESCROW)) == donated, "rule 7: money is left that nobody can get");
    }

    /// @dev One line: succeeded and refused of every kind of move.
    function tally() external view returns (uint256[OPS] memory done, uint256[OPS] memory failed) {
        return (succeeded, refused);
    }

    function _nextOfAnyone(uint256 index) private returns (Move memory move) {
        Entry storage job = jobs[index];
        uint256 end = _restsUntil(job);
        if (block.timestamp <= end) vm.warp(end + 1);
        move.index = index;
        move.sender = stranger.account;
        move.allowed = true;
        Status status = job.expected.status;
        if (status == Status.Accepted) {
            move.op = Op.Reopen;
            move.data = abi.encodeCall(IEscrow.reopen, (job.terms));
        } else if (status == Status.Open || status == Status.Rejected) {
            move.op = Op.Refund;
            move.data = abi.encodeCall(IEscrow.refund, (job.terms));
        } else {
            move.op = Op.Settle;
            move.data = abi.encodeCall(IEscrow.settle, (job.terms));
        }
    }

    function _withdrawal(address owner) private view returns (Move memory move) {
        move.op = Op.Withdraw;
        move.sender = stranger.account;
        move.party = owner;
        move.data = abi.encodeCall(IEscrow.withdraw, (owner));
        move.allowed = true;
    }
}
