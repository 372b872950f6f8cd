// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow, JobId, Status, Terms} from "../../../contracts/escrow/IEscrow.sol";
import {Dice} from "./Dice.sol";
import {Judging} from "./Judging.sol";
import {Entry, Move, Op} from "./Store.sol";
import {Word} from "./Words.sol";

/// @notice Moves that end a job without a verdict, and the withdrawal of credits.
abstract contract Ending is Judging {
    function _cancel(Dice memory dice, uint256 index, address carrier) internal view returns (Move memory move) {
        Entry storage job = jobs[index];
        Terms memory terms;
        (move, terms) = _begin(dice, Op.Cancel, index, _bit(Status.Open));
        bool intact = move.allowed;
        uint256 validUntil = _validUntil(dice);
        bytes32 structHash = keccak256(abi.encode(CANCEL, job.id, validUntil));
        Word memory word = _speak(dice, _partyAt(job.terms.client), structHash, validUntil, carrier);
        _says(move, word);
        if (!move.signed) {
            if (dice.oneIn(3)) move.sender = operator.account;
            move.allowed = intact && _speaksForClient(terms, move.sender);
        }
        move.data = abi.encodeCall(IEscrow.cancel, (terms, validUntil, word.signature));
    }

    function _refund(Dice memory dice, uint256 index) internal view returns (Move memory move) {
        Terms memory terms;
        (move, terms) = _begin(dice, Op.Refund, index, _bit(Status.Open) | _bit(Status.Rejected));
        move.data = abi.encodeCall(IEscrow.refund, (terms));
        _byAnyoneLate(dice, move);
    }

    function _settle(Dice memory dice, uint256 index) internal view returns (Move memory move) {
        Terms memory terms;
        uint256 statuses = _bit(Status.Submitted) | _bit(Status.Approved) | _bit(Status.Disputed);
        (move, terms) = _begin(dice, Op.Settle, index, statuses);
        move.data = abi.encodeCall(IEscrow.settle, (terms));
        _byAnyoneLate(dice, move);
    }

    function _withdraw(Dice memory dice) internal view returns (Move memory move) {
        move.op = Op.Withdraw;
        move.sender = _someone(dice).account;
        move.party = _someone(dice).account;
        for (uint256 i = 0; i < parties.length && credits[move.party] == 0; ++i) move.party = parties[i].account;
        if (dice.oneIn(8)) move.party = _someone(dice).account;
        move.data = abi.encodeCall(IEscrow.withdraw, (move.party));
        move.allowed = credits[move.party] > 0 && _canReceive(move.party);
    }

    function _byAnyoneLate(Dice memory dice, Move memory move) private view {
        move.sender = _someone(dice).account;
        move.allowed = move.allowed && block.timestamp > _restsUntil(jobs[move.index]);
    }
}
