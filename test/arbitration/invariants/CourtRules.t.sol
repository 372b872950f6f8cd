// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Handler} from "../../escrow/invariants/Handler.sol";
import {vm} from "../../escrow/invariants/Vm.sol";
import {CourtHandler} from "./CourtHandler.sol";
import {COMMON_COURT_OPS, COURT_OPS, CourtOp, REFUSABLE_COURT_OPS} from "./CourtStore.sol";

/// @notice Random sequences of calls at all contracts together, after each of which the rules of the pool and the escrow's
/// money rules must hold.
contract CourtRulesTest {
    /// The form in which the runner asks for the calls to draw from.
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// One line for each sequence, for the tally of `scripts/soak.ts`.
    string private constant TALLY = "cache/court-invariants.csv";

    CourtHandler private handler;

    function setUp() public {
        handler = new CourtHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), _moves());
    }

    function invariant_courtRulesHold() public view {
        handler.everyOutcomeIsAllowed();
        handler.courtStandsAsBooked();
        handler.courtRule1_heldCoversOwed();
        handler.courtRule2_slashesAreWonOrBurned();
        handler.courtRule3_lockedIsRiskOfSeats();
        handler.courtRule6_weightsRestInADraw();
        // 7. The escrow's money rules hold with the pool as arbiter.
        handler.jobsStandAsBooked();
        handler.rule1_heldCoversOwed();
        handler.rule2_paysOnceWhatWasFunded();
        handler.rule5_onlyWorkMovesReputation();
        handler.rules6And7_onlyTheBlockedWait();
        handler.rule8_feeOfWhatIsEarned();
        handler.limitsHold();
    }

    function afterInvariant() external {
        vm.writeLine(TALLY, _line());
        handler.courtRule4_strangerEndsEveryCase();
        invariant_courtRulesHold();
        handler.rule3_strangerEndsEveryJob();
        handler.courtRule7_allMoneyHasAnOwner();
        handler.rule7_allMoneyHasAnOwner();
        invariant_courtRulesHold();
    }

    function testFuzz_promptCasesEndInTime(uint256 seed) public {
        handler.courtRule4_promptCasesEndInTime(seed);
        invariant_courtRulesHold();
    }

    /// A handler that never gets anywhere would prove nothing.
    function test_everyMoveSucceedsSometimes() public {
        bytes4[] memory moves = _moves();
        for (uint256 seed = 0; seed < 6_000; ++seed) {
            uint256 random = uint256(keccak256(abi.encode(seed)));
            (bool done, ) = address(handler).call(abi.encodeWithSelector(moves[random % moves.length], random));
            require(done, "the handler reverted");
        }
        invariant_courtRulesHold();
        (uint256[COURT_OPS] memory succeeded, uint256[COURT_OPS] memory refused) = handler.courtTally();
        for (uint256 op = 0; op < COMMON_COURT_OPS; ++op) {
            bool canSucceed = _canSucceed(op);
            require(
                !canSucceed || succeeded[op] > 0,
                string.concat("never succeeded: pool operation ", vm.toString(op))
            );
            bool canFail = op < REFUSABLE_COURT_OPS || !canSucceed;
            require(!canFail || refused[op] > 0, string.concat("never refused: pool operation ", vm.toString(op)));
        }
    }

    function test_contestedCasesAreHeardByFifteen() public {
        handler.takeToTheEnd(CourtOp.HeardFifteen, false);
        _requireHappened(CourtOp.HeardFifteen);
        invariant_courtRulesHold();
    }

    function test_lastWordStandsWhereJurorsAreTooFew() public {
        handler.takeToTheEnd(CourtOp.LastWordStood, true);
        _requireHappened(CourtOp.DrewTooFew);
        _requireHappened(CourtOp.LastWordStood);
        invariant_courtRulesHold();
    }

    function _requireHappened(CourtOp op) private view {
        (uint256[COURT_OPS] memory succeeded, ) = handler.courtTally();
        require(succeeded[uint256(op)] > 0, string.concat("never happened: pool operation ", vm.toString(uint256(op))));
    }

    function _line() private view returns (string memory line) {
        (uint256[COURT_OPS] memory succeeded, uint256[COURT_OPS] memory refused) = handler.courtTally();
        for (uint256 op = 0; op < COURT_OPS; ++op) {
            line = string.concat(line, op == 0 ? "" : ",", vm.toString(succeeded[op]), ":", vm.toString(refused[op]));
        }
    }

    function _canSucceed(uint256 op) private pure returns (bool) {
        return op != uint256(CourtOp.Replay) && op != uint256(CourtOp.SeedByAnyone);
    }

    function _moves() private pure returns (bytes4[] memory moves) {
        moves = new bytes4[](87);
        moves[0] = CourtHandler.contest.selector;
        moves[1] = CourtHandler.deposit.selector;
        moves[2] = CourtHandler.depositWithAuthorization.selector;
        moves[3] = CourtHandler.withdrawFromPool.selector;
        moves[4] = CourtHandler.setStandingAnswer.selector;
        moves[5] = CourtHandler.stake.selector;
        moves[6] = CourtHandler.collect.selector;
        moves[7] = CourtHandler.retire.selector;
        moves[8] = CourtHandler.unstake.selector;
        moves[9] = CourtHandler.reweigh.selector;
        moves[10] = CourtHandler.addEvidence.selector;
        moves[11] = CourtHandler.answerCase.selector;
        moves[12] = CourtHandler.requestDraw.selector;
        moves[13] = CourtHandler.sendRandomness.selector;
        moves[14] = CourtHandler.draw.selector;
        moves[15] = CourtHandler.commit.selector;
        moves[16] = CourtHandler.reveal.selector;
        moves[17] = CourtHandler.denounce.selector;
        moves[18] = CourtHandler.tallyVotes.selector;
        moves[19] = CourtHandler.appeal.selector;
        moves[20] = CourtHandler.ruleCase.selector;
        moves[21] = CourtHandler.waitForCase.selector;
        moves[22] = CourtHandler.letBackstopPass.selector;
        moves[23] = CourtHandler.replayAtPool.selector;
        moves[24] = CourtHandler.donateToPool.selector;
        moves[25] = CourtHandler.issueAtPool.selector;
        moves[26] = CourtHandler.advance.selector;
        moves[27] = Handler.fund.selector;
        moves[28] = Handler.setSpendingLimit.selector;
        moves[29] = Handler.cancel.selector;
        moves[30] = Handler.accept.selector;
        moves[31] = Handler.submit.selector;
        moves[32] = Handler.release.selector;
        moves[33] = Handler.complete.selector;
        moves[34] = Handler.reject.selector;
        moves[35] = Handler.dispute.selector;
        moves[36] = Handler.rule.selector;
        moves[37] = Handler.refund.selector;
        moves[38] = Handler.settle.selector;
        moves[39] = Handler.withdraw.selector;
        moves[40] = Handler.multicall.selector;
        moves[41] = Handler.tryMulticall.selector;
        moves[42] = Handler.starve.selector;
        moves[43] = Handler.replay.selector;
        moves[44] = Handler.donate.selector;
        moves[45] = Handler.issue.selector;
        moves[46] = Handler.toggleReputation.selector;
        // More often, so that more cases get far.
        for (uint256 i = 47; i < 50; ++i) moves[i] = CourtHandler.contest.selector;
        for (uint256 i = 50; i < moves.length; ++i) moves[i] = CourtHandler.advance.selector;
    }
}
