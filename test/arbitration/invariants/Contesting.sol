// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Case, IArbitrationPool, Juror, Phase, Vote} from "../../../contracts/arbitration/IArbitrationPool.sol";
import {IEscrow, Status, Terms, Verdict} from "../../../contracts/escrow/IEscrow.sol";
import {Dice} from "../../escrow/invariants/Dice.sol";
import {Move, Op} from "../../escrow/invariants/Store.sol";
import {Word} from "../../escrow/invariants/Words.sol";
import {Party} from "../../escrow/invariants/World.sol";
import {CaseBook, CourtOp} from "./CourtStore.sol";
import {Holding} from "./Holding.sol";

/// @notice Moves of the two sides of a case, and its end.
abstract contract Contesting is Holding {
    bytes32 private constant ADD_EVIDENCE = keccak256(
        "AddEvidence(bytes32 jobId,bytes32 evidenceHash,uint256 validUntil)"
    );
    bytes32 private constant ANSWER = keccak256("Answer(bytes32 jobId,uint256 round,uint256 validUntil)");
    bytes32 private constant APPEAL = keccak256("Appeal(bytes32 jobId,uint256 round,uint256 validUntil)");
    /// A little above the highest reward that the pool takes.
    uint256 private constant LARGEST_CONTESTED = 520e6;

    /// @dev A new job from its funding to a dispute: by the worker after a fail, or by the client after a pass.
    function _contest(Dice memory dice) internal {
        Terms memory terms = _contested(dice);
        bool pays = _canReceive(terms.client) && USDC.balanceOf(terms.client) >= _totalOf(terms);
        if (!pays) return;
        _approve(terms.client, type(uint256).max);
        uint256 index = jobs.length;
        _perform(_sure(_funding(Op.Fund, terms, terms.client), abi.encodeCall(IEscrow.fund, (terms))));

        bool byClient = dice.oneIn(2);
        address worker = workers[dice.roll(workers.length)].account;
        _perform(_surely(Op.Accept, index, worker, abi.encodeCall(IEscrow.accept, (terms, worker, 0, ""))));
        _perform(_surely(Op.Submit, index, worker, abi.encodeCall(IEscrow.submit, (terms, "evidence", 0, ""))));
        _perform(_judgement(index, terms, byClient));
        _complain(dice, index, byClient ? terms.client : worker);
    }

    function _contested(Dice memory dice) private view returns (Terms memory terms) {
        terms.client = clients[dice.roll(clients.length)].account;
        terms.verifier = verifiers[dice.roll(verifiers.length)].account;
        terms.arbiter = address(pool);
        terms.reward = uint96(1 + dice.roll(dice.oneIn(3) ? 30e6 : LARGEST_CONTESTED));
        terms.backstopShareBps = uint16(dice.roll(10_001));
        terms.deadline = uint40(block.timestamp + 1 days);
        terms.workWindow = 1 hours;
        terms.verifyWindow = 1 hours;
        terms.reviewWindow = 1 hours;
        terms.domain = "support";
        terms.salt = bytes32(jobs.length);
    }

    function _judgement(uint256 index, Terms memory terms, bool pass) private pure returns (Move memory move) {
        Verdict memory verdict = Verdict("evidence", "reasons", 0);
        bytes memory data =
            pass
                ? abi.encodeCall(IEscrow.release, (terms, verdict, ""))
                : abi.encodeCall(IEscrow.reject, (terms, verdict, ""));
        move = _surely(pass ? Op.Release : Op.Reject, index, terms.verifier, data);
        move.byVerifier = true;
    }

    function _complain(Dice memory dice, uint256 index, address by) private {
        Terms memory terms = jobs[index].terms;
        _provide(dice, by, _bondOf(terms.reward));
        Move memory move = _surely(
            Op.Dispute,
            index,
            by,
            abi.encodeCall(IEscrow.dispute, (terms, by, "statement", 0, "", ""))
        );
        move.allowed = _takesCase(move);
        _perform(move);
    }

    function _surely(Op op, uint256 index, address sender, bytes memory data) private pure returns (Move memory move) {
        move.op = op;
        move.index = index;
        move.sender = sender;
        move.party = sender;
        return _sure(move, data);
    }

    function _sure(Move memory move, bytes memory data) private pure returns (Move memory) {
        move.data = data;
        move.allowed = true;
        return move;
    }

    /// @dev A job's terms; one time in 32 changed, so that it is not the job it says.
    function _somehowTermsOf(Dice memory dice, uint256 index) internal view returns (Terms memory terms, bool intact) {
        terms = jobs[index].terms;
        intact = !dice.oneIn(32);
        if (!intact) terms.salt = "another job";
    }

    /// @dev A case that mostly stands in one of these phases, if there is any.
    function _pickCase(Dice memory dice, uint256 phases) internal view returns (uint256 index) {
        if (running.length == 0 || dice.oneIn(16)) return dice.roll(jobs.length);
        uint256 first = dice.roll(running.length);
        for (uint256 i = 0; i < running.length; ++i) {
            index = running[(first + i) % running.length];
            if (_isAt(index, phases)) return index;
        }
    }

    function _addEvidence(Dice memory dice, uint256 index) internal {
        Case storage current = cases[index].expected;
        bool byClient = dice.oneIn(2);
        Party memory by = _ownerAt(byClient ? jobs[index].terms.client : current.worker);
        if (dice.oneIn(8)) by = _ownerOf(dice);
        uint256 until = _validUntil(dice);
        bytes32 structHash = keccak256(abi.encode(ADD_EVIDENCE, jobs[index].id, bytes32("more"), until));
        Word memory word = _speakInPool(dice, by, structHash, until);
        (Terms memory terms, bool allowed) = _somehowTermsOf(dice, index);
        allowed = allowed && _isAt(index, _caseBit(Phase.Answering) | _caseBit(Phase.Waiting));
        allowed = allowed && block.timestamp <= current.until && word.good;
        allowed = allowed && (by.account == terms.client || by.account == current.worker);
        bytes memory data = abi.encodeCall(
            IArbitrationPool.addEvidence,
            (terms, by.account, "more", until, word.signature)
        );
        // Evidence may be put on record as often as one likes, so this word is not among the spent ones.
        _attempt(CourtOp.AddEvidence, word.sender, data, allowed);
    }

    function _answerCase(Dice memory dice, uint256 index) internal {
        CaseBook storage book = cases[index];
        Party memory by = _ownerAt(_side(index, book.expected.standing));
        if (dice.oneIn(12)) by = _ownerOf(dice);
        uint256 round = _roundAsked(index);
        _provide(dice, by.account, _bondAt(index, round));
        uint256 until = _validUntil(dice);
        bytes32 structHash = keccak256(abi.encode(ANSWER, jobs[index].id, dice.oneIn(16) ? round + 1 : round, until));
        Word memory word = _speakInPool(dice, by, structHash, until);
        if (word.signature.length > 0) {
            bytes32 right = keccak256(abi.encode(ANSWER, jobs[index].id, round, until));
            word.good = word.good && structHash == right;
        }
        (Terms memory terms, bool allowed) = _somehowTermsOf(dice, index);
        allowed = allowed && _maySide(index, Phase.Answering, by.account, book.expected.standing, round);
        bytes memory data = abi.encodeCall(IArbitrationPool.answer, (terms, by.account, until, word.signature));
        if (_attemptBy(CourtOp.Answer, word, data, allowed)) _applyAnswer(index);
    }

    function _appeal(Dice memory dice, uint256 index) internal {
        CaseBook storage book = cases[index];
        Party memory by = _ownerAt(_side(index, _other(book.expected.standing)));
        if (dice.oneIn(12)) by = _ownerOf(dice);
        uint256 round = book.expected.round + 1;
        _provide(dice, by.account, _bondAt(index, round));
        uint256 until = _validUntil(dice);
        bytes32 structHash = keccak256(abi.encode(APPEAL, jobs[index].id, round, until));
        Word memory word = _speakInPool(dice, by, structHash, until);
        (Terms memory terms, bool allowed) = _somehowTermsOf(dice, index);
        Vote loser = _other(book.expected.standing);
        allowed = allowed && round <= LAST_ROUND && _maySide(index, Phase.Appealing, by.account, loser, round);
        bytes memory data = abi.encodeCall(IArbitrationPool.appeal, (terms, by.account, until, word.signature));
        if (!_attemptBy(CourtOp.Appeal, word, data, allowed)) return;
        _putUp(index, loser, _bondAt(index, round));
        _ask(index, block.timestamp + CASE_APPEAL_WINDOW);
    }

    function _maySide(uint256 index, Phase phase, address by, Vote side, uint256 round) private view returns (bool) {
        bool inTime = _isAt(index, _caseBit(phase)) && block.timestamp <= cases[index].expected.until;
        return inTime && by == _side(index, side) && pooled[by] >= _bondAt(index, round);
    }

    /// @dev Ends a case, and looks at what it did to each stake, whatever the books expect.
    function _ruleCase(Dice memory dice, uint256 index) internal {
        (Terms memory terms, bool intact) = _somehowTermsOf(dice, index);
        _ruleBy(_someone(dice).account, index, terms, intact);
    }

    function _ruleBy(address sender, uint256 index, Terms memory terms, bool intact) internal {
        uint256[] memory staked = new uint256[](jurors.length);
        uint256[] memory locked = new uint256[](jurors.length);
        for (uint256 i = 0; i < jurors.length; ++i) (staked[i], locked[i]) = _stakeNow(i);
        bytes memory data = abi.encodeCall(IArbitrationPool.rule, (terms));
        if (!_attempt(CourtOp.Rule, sender, data, intact && _mayRule(index))) return;
        _applyCaseRule(index);
        for (uint256 i = 0; i < jurors.length; ++i) {
            (uint256 left, uint256 stillLocked) = _stakeNow(i);
            if (left + (locked[i] - stillLocked) < staked[i])
                _report("rule 3: a juror lost more than its seats risked");
        }
    }

    function _mayRule(uint256 index) internal view returns (bool) {
        Case storage current = cases[index].expected;
        if (current.phase == Phase.None) return false;
        bool settled = jobs[index].expected.status != Status.Disputed;
        if (settled || current.phase == Phase.Undecided) return true;
        bool lapses = current.phase == Phase.Answering || current.phase == Phase.Appealing;
        return lapses && block.timestamp > current.until;
    }

    function _stakeNow(uint256 juror) private view returns (uint256, uint256) {
        Juror memory seen = pool.jurorOf(jurors[juror].account);
        return (seen.stake, seen.locked);
    }
}
