// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    Case,
    CommitWord,
    Commitment,
    IArbitrationPool,
    Juror,
    Lottery,
    Opening,
    Phase,
    Seat,
    Vote
} from "../../../contracts/arbitration/IArbitrationPool.sol";
import {JobId, Terms} from "../../../contracts/escrow/IEscrow.sol";
import {Dice} from "../../escrow/invariants/Dice.sol";
import {Word} from "../../escrow/invariants/Words.sol";
import {Party} from "../../escrow/invariants/World.sol";
import {Service} from "./Coordinator.sol";
import {Contesting} from "./Contesting.sol";
import {CaseBook, CourtOp, DeployedPool, SeatBook} from "./CourtStore.sol";

/// @notice Moves of panels: how they are drawn, and how they vote.
abstract contract Voting is Contesting {
    bytes32 private constant COMMIT = keccak256(
        "Commit(bytes32 jobId,uint256 panel,uint256 seat,bytes32 commitment,uint256 validUntil)"
    );

    // The draw

    /// @dev For all cases that run, or for one job.
    function _requestDraw(Dice memory dice) internal {
        uint256 service = dice.roll(10);
        coordinator.serve(service < 3 ? Service(1 + service) : Service.Takes);
        uint256[] memory indices = running;
        if (dice.oneIn(6)) {
            indices = new uint256[](1);
            indices[0] = dice.roll(jobs.length);
        }
        _requestDrawOf(indices, _someone(dice).account);
    }

    function _requestDrawOf(uint256[] memory indices, address sender) internal {
        JobId[] memory ids = new JobId[](indices.length);
        bool anyDue = false;
        for (uint256 i = 0; i < indices.length; ++i) {
            ids[i] = jobs[indices[i]].id;
            anyDue = anyDue || _isDue(indices[i]);
        }
        bool rested = block.timestamp > expectedLottery.until + STAKING_WINDOW;
        uint256 requests = coordinator.requests();
        bytes memory data = abi.encodeCall(IArbitrationPool.requestDraw, (ids));
        if (!_attempt(CourtOp.RequestDraw, sender, data, anyDue && rested && !_frozen())) return;

        uint256 until = block.timestamp + DRAW_WINDOW;
        uint32 joined = 0;
        for (uint256 i = 0; i < indices.length; ++i) if (_applyRequest(indices[i], until)) ++joined;
        if (joined == 0) return;
        expectedLottery = Lottery(expectedLottery.drawId + 1, uint40(until), joined, false);
        awaited = coordinator.requests() > requests ? coordinator.requests() : 0;
        (frozenWeights, ) = _weights();
    }

    function _isDue(uint256 index) internal view returns (bool) {
        bool waits = _isAt(index, _caseBit(Phase.Waiting) | _caseBit(Phase.Drawing));
        return waits && block.timestamp > cases[index].expected.until;
    }

    function _applyRequest(uint256 index, uint256 until) private returns (bool) {
        if (!_isDue(index)) return false;
        // Its draw has failed.
        if (_isAt(index, _caseBit(Phase.Drawing))) _fail(index, Phase.Undecided);
        if (!_isAt(index, _caseBit(Phase.Waiting))) return false;
        _turn(index, Phase.Drawing, until);
        return true;
    }

    /// @dev Randomness comes: what is waited for, the same once more, an old one, or somebody else's.
    function _seed(Dice memory dice) internal {
        uint256 requestId = awaited;
        if (requestId == 0 || dice.oneIn(8)) requestId = 1 + dice.roll(coordinator.requests() + 1);
        if (dice.oneIn(16)) {
            uint256[] memory words = new uint256[](1);
            bytes memory data = abi.encodeCall(DeployedPool.rawFulfillRandomWords, (requestId, words));
            if (_attempt(CourtOp.SeedByAnyone, _someone(dice).account, data, false)) return;
        }
        _seedWith(requestId, dice.roll(type(uint256).max));
    }

    function _seedWith(uint256 requestId, uint256 word) internal {
        bool seeds = requestId == awaited && awaited != 0 && !expectedLottery.seeded && _frozen();
        coordinator.answer(pool, requestId, word);
        if (seeds) expectedLottery.seeded = true;
        _happened(seeds ? CourtOp.Seed : CourtOp.SeedInVain);
    }

    function _draw(Dice memory dice, uint256 index) internal {
        (Terms memory terms, bool intact) = _somehowTermsOf(dice, index);
        _drawBy(_someone(dice).account, index, terms, intact);
    }

    function _drawBy(address sender, uint256 index, Terms memory terms, bool intact) internal {
        CaseBook storage book = cases[index];
        bool allowed = intact && _isAt(index, _caseBit(Phase.Drawing)) && expectedLottery.seeded;
        allowed = allowed && block.timestamp <= book.expected.until;
        uint256 seats = _seatsAsked(index);
        bool enough = _free(index) >= seats;
        (bytes32 weights, ) = _weights();
        if (!_attempt(CourtOp.Draw, sender, abi.encodeCall(IArbitrationPool.draw, (terms)), allowed)) return;

        if (weights != frozenWeights) _report("rule 6: weights changed while a draw ran");
        expectedLottery.undrawn -= 1;
        if (expectedLottery.undrawn == 0) expectedLottery.until = uint40(block.timestamp);
        if (enough) return _applyPanel(index, _drawn(index, seats));
        _happened(CourtOp.DrewTooFew);
        // Jurors too few for an appeal don't undo what a panel decided.
        _fail(index, cases[index].expected.round == 0 ? Phase.Undecided : Phase.Appealing);
    }

    function _seatsAsked(uint256 index) private view returns (uint256) {
        uint256 round = cases[index].expected.round;
        if (round == 0) return 3;
        return round == 1 ? 7 : 15;
    }

    /// @dev How many could sit in this case: in the draw, no party, with the stake for it.
    function _free(uint256 index) private view returns (uint256 count) {
        for (uint256 i = 0; i < jurors.length; ++i) {
            Juror storage juror = stakes[jurors[i].account];
            bool able = juror.weight > 0 && juror.stake - juror.locked >= cases[index].bond;
            if (able && !_isParty(index, jurors[i].account)) ++count;
        }
    }

    function _isParty(uint256 index, address account) private view returns (bool) {
        Terms storage terms = jobs[index].terms;
        bool isSide = account == terms.client || account == cases[index].expected.worker;
        return isSide || account == terms.verifier;
    }

    /// @dev Who sits in the panel just drawn; chance decides, within what the interface allows.
    function _drawn(uint256 index, uint256 asked) private returns (address[] memory drawn) {
        Seat[] memory seats = pool.panelOf(jobs[index].id, cases[index].panels.length);
        if (seats.length != asked) _report("a panel is larger or smaller than its round asks");
        drawn = new address[](seats.length);
        for (uint256 i = 0; i < seats.length; ++i) {
            address account = seats[i].juror;
            drawn[i] = account;
            Juror storage juror = stakes[account];
            if (_isParty(index, account)) _report("rule 5: a party sits in its own case");
            if (juror.weight == 0) _report("rule 5: somebody sits who is not in the draw");
            if (juror.stake < juror.locked + cases[index].bond) _report("rule 3: a seat risks more than is free");
            for (uint256 j = 0; j < i; ++j)
                if (drawn[j] == account) _report("rule 5: a juror has two seats of a panel");
        }
    }

    // The vote

    /// @dev Of most seats that have not yet, in one call; one time in 10 some of it is wrong.
    function _commitVotes(Dice memory dice, uint256 index) internal {
        bool open = _isAt(index, _caseBit(Phase.Committing)) && block.timestamp <= cases[index].expected.until;
        if (cases[index].panels.length == 0) {
            CommitWord[] memory none = new CommitWord[](0);
            bytes memory empty = abi.encodeCall(IArbitrationPool.commit, (jobs[index].id, none));
            _attempt(CourtOp.Commit, stranger.account, empty, open);
            return;
        }
        uint256[] memory seats = _chosen(dice, index, false);
        CommitWord[] memory words = new CommitWord[](seats.length);
        Vote[] memory hidden = new Vote[](seats.length);
        for (uint256 i = 0; i < seats.length; ++i) {
            bool good;
            (words[i], hidden[i], good) = _commitWord(dice, index, seats[i]);
            open = open && good;
        }
        bytes memory data = abi.encodeCall(IArbitrationPool.commit, (jobs[index].id, words));
        if (!_attempt(CourtOp.Commit, _someone(dice).account, data, open)) return;
        _applyCommit(index, words, hidden);
    }

    function _applyCommit(uint256 index, CommitWord[] memory words, Vote[] memory hidden) private {
        CaseBook storage book = cases[index];
        SeatBook[] storage panel = _seats(index);
        for (uint256 i = 0; i < words.length; ++i) {
            panel[words[i].seat].committed = true;
            panel[words[i].seat].hidden = hidden[i];
            book.commitments.push(Commitment(words[i].seat, words[i].commitment));
        }
        if (_committed(index) == panel.length) _turn(index, Phase.Revealing, block.timestamp + REVEAL_WINDOW);
    }

    /// @dev Seats that have not committed, or not revealed; one in 12 is left out.
    function _chosen(Dice memory dice, uint256 index, bool toReveal) private view returns (uint256[] memory seats) {
        SeatBook[] storage panel = _seats(index);
        seats = new uint256[](panel.length);
        uint256 count = 0;
        for (uint256 i = 0; i < panel.length; ++i) {
            bool able =
                toReveal
                    ? panel[i].hidden != Vote.None && panel[i].vote == Vote.None && !panel[i].denounced
                    : !panel[i].committed;
            if ((able && !dice.oneIn(12)) || dice.oneIn(128)) seats[count++] = i;
        }
        assembly ("memory-safe") {
            mstore(seats, count)
        }
    }

    function _commitWord(
        Dice memory dice,
        uint256 index,
        uint256 seat
    ) private view returns (CommitWord memory word, Vote hidden, bool good) {
        SeatBook storage book = _seats(index)[seat];
        uint256 side = dice.roll(20);
        hidden =
            side == 0
                ? Vote.None
                : side < 3
                    ? Vote.Unclear
                    : side < 11
                        ? Vote.Client
                        : Vote.Worker;
        word.seat = seat;
        word.commitment = hidden == Vote.None ? keccak256("nothing") : _commitmentOf(index, seat, hidden);
        word.validUntil = dice.oneIn(100) ? block.timestamp - 1 : block.timestamp;
        bytes32 structHash = keccak256(
            abi.encode(COMMIT, jobs[index].id, cases[index].panels.length - 1, seat, word.commitment, word.validUntil)
        );
        bool impostor = dice.oneIn(100);
        Party memory signer = impostor ? stranger : _ownerAt(book.juror);
        word.signature = _signature(signer, poolDomain, structHash);
        good = !book.committed && word.validUntil == block.timestamp;
        good = good && signer.key == _ownerAt(book.juror).key;
    }

    function _salt(uint256 index, uint256 seat) private view returns (bytes32) {
        return keccak256(abi.encode(jobs[index].id, cases[index].panels.length, seat));
    }

    function _commitmentOf(uint256 index, uint256 seat, Vote vote) private view returns (bytes32) {
        uint256 panel = cases[index].panels.length - 1;
        return
            keccak256(abi.encode(block.chainid, pool, jobs[index].id, panel, seat, uint256(vote), _salt(index, seat)));
    }

    function _revealVotes(Dice memory dice, uint256 index) internal {
        if (cases[index].panels.length == 0) return;
        bool allowed = _mayReveal(index);
        uint256[] memory seats = _chosen(dice, index, true);
        Opening[] memory openings = new Opening[](seats.length);
        for (uint256 i = 0; i < seats.length; ++i) {
            bool good;
            (openings[i], good) = _opening(dice, index, seats[i]);
            allowed = allowed && good;
        }
        (Commitment[] memory list, bool whole) = _list(dice, index);
        bytes memory data = abi.encodeCall(IArbitrationPool.reveal, (jobs[index].id, list, openings));
        if (!_attempt(CourtOp.Reveal, _someone(dice).account, data, allowed && whole)) return;
        SeatBook[] storage panel = _seats(index);
        for (uint256 i = 0; i < openings.length; ++i) panel[openings[i].seat].vote = Vote(openings[i].vote);
        if (_revealed(index) == _committed(index)) _applyTally(index);
    }

    function _mayReveal(uint256 index) private view returns (bool) {
        Case storage current = cases[index].expected;
        bool begun =
            current.phase == Phase.Revealing || (current.phase == Phase.Committing && block.timestamp > current.until);
        return begun && block.timestamp <= _revealUntil(index);
    }

    /// @dev The vote that the seat hides, or one that it does not.
    function _opening(
        Dice memory dice,
        uint256 index,
        uint256 seat
    ) private view returns (Opening memory opening, bool good) {
        SeatBook storage book = _seats(index)[seat];
        opening = Opening(seat, uint256(book.hidden), _salt(index, seat));
        good = book.hidden != Vote.None && book.vote == Vote.None && !book.denounced;
        uint256 fault = dice.roll(200);
        if (fault < 4) good = false;
        if (fault == 0) opening.salt = "wrong";
        else if (fault == 1) opening.vote += 1;
        else if (fault == 2) opening.seat = 15;
        else if (fault == 3) opening.vote = 0;
    }

    /// @dev All commitments in their order; one time in 32 not.
    function _list(Dice memory dice, uint256 index) private view returns (Commitment[] memory list, bool whole) {
        list = cases[index].commitments;
        whole = list.length == 0 || !dice.oneIn(32);
        if (!whole) list[0].commitment = "another";
    }

    function _denounce(Dice memory dice, uint256 index) internal {
        CaseBook storage book = cases[index];
        if (book.panels.length == 0) return;
        uint256 seat = dice.roll(_seats(index).length);
        for (uint256 i = 0; i < 3 && !_seats(index)[seat].committed; ++i) seat = dice.roll(_seats(index).length);
        (Opening memory opening, bool good) = _opening(dice, index, seat);
        (Commitment[] memory list, bool whole) = _list(dice, index);
        (Terms memory terms, bool allowed) = _somehowTermsOf(dice, index);
        // A juror may try to save something by denouncing itself.
        address denouncer = dice.oneIn(4) ? _seats(index)[seat].juror : _ownerOf(dice).account;
        allowed = allowed && good && whole && _isAt(index, _caseBit(Phase.Committing));
        allowed = allowed && block.timestamp <= book.expected.until;
        bytes memory data = abi.encodeCall(IArbitrationPool.denounce, (terms, list, opening, denouncer));
        if (_attempt(CourtOp.Denounce, denouncer, data, allowed)) _applyDenounce(index, seat, denouncer);
    }

    function _tallyVotes(address sender, uint256 index) internal {
        bytes memory data = abi.encodeCall(IArbitrationPool.tally, (jobs[index].id));
        if (_attempt(CourtOp.Tally, sender, data, _mayTally(index))) _applyTally(index);
    }

    function _mayTally(uint256 index) internal view returns (bool) {
        bool votes = _isAt(index, _caseBit(Phase.Committing) | _caseBit(Phase.Revealing));
        return votes && block.timestamp > _votesUntil(index);
    }

    /// @dev Where nobody has committed there is nothing to wait for.
    function _votesUntil(uint256 index) internal view returns (uint256) {
        return _committed(index) == 0 ? cases[index].expected.until : _revealUntil(index);
    }
}
