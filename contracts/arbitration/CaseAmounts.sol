// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vote} from "./IArbitrationPool.sol";

/// @title What a case costs, all of it from one figure: the bond of its first round
/// @dev In USDC base units. A juror who is wrong one time in four breaks even before its share of others' slashes:
/// it wins a quarter of the bond three times and loses three quarters once.
library CaseAmounts {
    uint256 internal constant MIN_BOND = 5_000_000;

    /// @dev A fifth of the reward, 5 USDC at least, in whole quarters so that what is made of it needs no rounding.
    function bondOf(uint256 reward) internal pure returns (uint256) {
        uint256 fifth = reward / 5;
        return (fifth > MIN_BOND ? fifth : MIN_BOND) & ~uint256(3);
    }

    /// @dev The reward above which a seat would risk more than the least stake, and so a juror could lose what it has not.
    function maxRewardOf(uint256 minStake) internal pure returns (uint256) {
        return minStake * 5;
    }

    /// @dev What each side has put up when this round is funded. A round's bond is the first one doubled `round` times.
    function bondsUntil(uint256 bond, uint256 round) internal pure returns (uint256) {
        return bond * ((2 << round) - 1);
    }

    /// @dev 3, 7, 15.
    function seatsOf(uint256 round) internal pure returns (uint256) {
        return (4 << round) - 1;
    }

    /// @dev A seat risks the bond. A wrong vote costs three quarters of it, a vote that is not revealed, or too early, all.
    /// A quarter is what a juror wins for a vote as the last panel's, and what one wins who denounces a vote let out:
    /// so nobody saves by denouncing itself. All seats of rounds 0, 1 and 2 (3, 7, 15) win at most 0.75, 2.5 and 6.25
    /// bonds, and the loser has put up 1, 3 and 7.
    function quarterOf(uint256 bond) internal pure returns (uint256) {
        return bond / 4;
    }

    /// @dev What a seat still has at stake, and loses if it doesn't vote. Who was denounced has paid a quarter already.
    function riskOf(uint256 bond, bool denounced) internal pure returns (uint256) {
        return denounced ? bond - quarterOf(bond) : bond;
    }

    /// @dev What a seat that voted loses.
    /// @param decided The vote that wins; `None`: the panel came to no decision.
    function slashOf(uint256 bond, Vote vote, Vote decided) internal pure returns (uint256) {
        bool wrong = decided != Vote.None && vote != decided && vote != Vote.Unclear;
        return wrong ? bond - quarterOf(bond) : 0;
    }

    /// @dev Whether a seat is rewarded: for the vote that wins, or, where none does, for having revealed.
    function wins(Vote vote, Vote decided) internal pure returns (bool) {
        return decided == Vote.None ? vote != Vote.None : vote == decided;
    }

    /// @dev Each winner's share of what a panel's seats lose. What can't be shared is burned.
    function shareOf(uint256 slashed, uint256 winners) internal pure returns (uint256) {
        return winners == 0 ? 0 : slashed / winners;
    }

    /// @dev The jurors' fees are paid by the loser's bonds.
    /// @param each What each side has put up for the rounds that both have funded.
    /// @param more What one side has put up for a round that the other did not answer.
    function winningsOf(uint256 each, uint256 more, uint256 fees) internal pure returns (uint256) {
        return 2 * each + more - fees;
    }

    /// @dev What client and worker get back of `each` where nobody wins: both pay the half of the fees.
    function halvesOf(uint256 each, uint256 fees) internal pure returns (uint256 client, uint256 worker) {
        return (each - fees / 2, each - (fees - fees / 2));
    }
}
