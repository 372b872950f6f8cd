// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaseAmounts} from "../../contracts/arbitration/CaseAmounts.sol";
import {Vote} from "../../contracts/arbitration/IArbitrationPool.sol";

/// @notice What a case costs whom, for every reward that a job can have and every vote that can be cast.
contract CaseAmountsProof {
    uint256 private constant LAST_ROUND = 2;

    /// The seats are 3, 7 and 15.
    function seatsAreThreeSevenFifteen() external pure {
        assert(CaseAmounts.seatsOf(0) == 3 && CaseAmounts.seatsOf(1) == 7 && CaseAmounts.seatsOf(2) == 15);
    }

    /// A side has put up the bonds of all rounds, each double the one before.
    function bondsDoubleEachRound(uint96 bond) external pure {
        assert(CaseAmounts.bondsUntil(bond, 0) == bond);
        assert(CaseAmounts.bondsUntil(bond, 1) == uint256(bond) + 2 * uint256(bond));
        assert(CaseAmounts.bondsUntil(bond, 2) == uint256(bond) + 2 * uint256(bond) + 4 * uint256(bond));
    }

    /// A quarter, rounded down, is no more than the bond.
    function quarterIsPartOfBond(uint96 bond) external pure {
        assert(4 * CaseAmounts.quarterOf(bond) <= bond);
    }

    /// A seat never loses more than it has at stake, denounced or not.
    function slashIsNotAboveStake(uint96 bond, uint8 vote, uint8 decided, bool denounced) external pure {
        (Vote cast, Vote winner) = _votes(vote, decided);
        // Who was denounced can't reveal any more.
        require(!denounced || cast == Vote.None);
        uint256 risk = CaseAmounts.riskOf(bond, denounced);
        assert(risk <= bond);
        assert((cast == Vote.None ? risk : CaseAmounts.slashOf(bond, cast, winner)) <= risk);
    }

    /// Who was denounced has lost, with what is taken at the end, its bond and no more.
    function denouncedLosesItsBond(uint96 bond) external pure {
        assert(CaseAmounts.quarterOf(bond) + CaseAmounts.riskOf(bond, true) == bond);
    }

    /// No seat that wins is slashed.
    function winnerIsNotSlashed(uint96 bond, uint8 vote, uint8 decided) external pure {
        (Vote cast, Vote winner) = _votes(vote, decided);
        require(cast != Vote.None && CaseAmounts.wins(cast, winner));
        assert(CaseAmounts.slashOf(bond, cast, winner) == 0);
    }

    /// A silent seat never wins.
    function silentSeatNeverWins(uint8 decided) external pure {
        require(decided <= uint8(Vote.Unclear));
        assert(!CaseAmounts.wins(Vote.None, Vote(decided)));
    }

    /// What a panel's seats lose is what its winners share and what is burned, and less is burned than there are winners.
    function slashesAreSharedOrBurned(uint96 slashed, uint8 winners) external pure {
        require(winners <= 15);
        uint256 shared = CaseAmounts.shareOf(slashed, winners) * winners;
        assert(shared <= slashed);
        assert(winners == 0 || slashed - shared < winners);
    }

    /// The jurors' fees, a quarter of the bond for each seat of one panel a round, are no more than one side's bonds.
    function bondsCoverFees(uint96 bond, uint8 first, uint8 second, uint8 third) external pure {
        require(first <= 3 && second <= 7 && third <= 15);
        uint256 quarter = CaseAmounts.quarterOf(bond);
        assert(quarter * first <= CaseAmounts.bondsUntil(bond, 0));
        assert(quarter * (uint256(first) + second) <= CaseAmounts.bondsUntil(bond, 1));
        assert(quarter * (uint256(first) + second + third) <= CaseAmounts.bondsUntil(bond, LAST_ROUND));
    }

    /// The winner's part and the jurors' fees are both sides' bonds.
    function winnerAndJurorsGetAllBonds(uint96 each, uint96 more, uint96 fees) external pure {
        require(fees <= each);
        assert(CaseAmounts.winningsOf(each, more, fees) + fees == 2 * uint256(each) + more);
    }

    /// The winner gets at least what it has put up.
    function winnerLosesNothing(uint96 each, uint96 more, uint96 fees) external pure {
        require(fees <= each);
        assert(CaseAmounts.winningsOf(each, more, fees) >= uint256(each) + more);
    }

    /// Where nobody wins, both sides' parts and the jurors' fees are both sides' bonds; the parts are a base unit apart at most.
    function halvesAndJurorsGetAllBonds(uint96 each, uint96 fees) external pure {
        require(fees <= each);
        (uint256 client, uint256 worker) = CaseAmounts.halvesOf(each, fees);
        assert(client + worker + fees == 2 * uint256(each));
        assert(client - worker <= 1);
    }

    function _votes(uint8 vote, uint8 decided) private pure returns (Vote, Vote) {
        require(vote <= uint8(Vote.Unclear) && decided <= uint8(Vote.Unclear));
        return (Vote(vote), Vote(decided));
    }
}
