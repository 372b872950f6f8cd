// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Dice} from "./Dice.sol";
import {Model} from "./Model.sol";
import {Party} from "./World.sol";

/// @notice A party's word as a call carries it, and whether it should count.
struct Word {
    address sender;
    bytes signature;
    bool good;
}

/// @notice Says things as parties and as impostors do.
abstract contract Words is Model {
    bytes32 internal constant CANCEL = keccak256("Cancel(bytes32 jobId,uint256 validUntil)");
    bytes32 internal constant ACCEPT = keccak256("Accept(bytes32 jobId,uint256 round,uint256 validUntil)");
    bytes32 internal constant SUBMIT = keccak256(
        "Submit(bytes32 jobId,uint256 round,bytes32 evidenceHash,uint256 validUntil)"
    );
    bytes32 internal constant VERDICT = keccak256(
        "Verdict(bytes32 jobId,address worker,bytes32 evidenceHash,bool pass,bytes32 reasonsHash,uint256 validUntil)"
    );
    bytes32 internal constant DISPUTE = keccak256(
        "Dispute(bytes32 jobId,address by,bytes32 statementHash,uint256 validUntil)"
    );

    function _someone(Dice memory dice) internal view returns (Party memory) {
        return parties[dice.roll(parties.length)];
    }

    function _partyAt(address account) internal view returns (Party memory) {
        for (uint256 i = 0; i < parties.length; ++i) if (parties[i].account == account) return parties[i];
        return stranger;
    }

    /// @return The last second of a signature's life; one in 16 is past.
    function _validUntil(Dice memory dice) internal view returns (uint256) {
        return dice.oneIn(16) ? block.timestamp - 1 : block.timestamp + dice.roll(2 days);
    }

    /// @param carrier Has to send the call, with a signature; zero: anyone may, and the speaker may send it unsigned.
    function _speak(
        Dice memory dice,
        Party memory speaker,
        bytes32 structHash,
        uint256 validUntil,
        address carrier
    ) internal view returns (Word memory word) {
        if (carrier == address(0) && dice.oneIn(3)) return _speakUnsigned(dice, speaker);
        return _speakBySignature(dice, speaker, ESCROW_DOMAIN, structHash, validUntil, carrier);
    }

    function _speakBySignature(
        Dice memory dice,
        Party memory speaker,
        bytes32 domain,
        bytes32 structHash,
        uint256 validUntil,
        address carrier
    ) internal view returns (Word memory word) {
        word.sender = carrier == address(0) ? _someone(dice).account : carrier;
        (word.signature, word.good) = _signSomehow(dice, speaker, domain, structHash);
        word.good = word.good && validUntil >= block.timestamp;
    }

    function _speakUnsigned(Dice memory dice, Party memory speaker) internal view returns (Word memory word) {
        word.sender = dice.oneIn(8) ? _someone(dice).account : speaker.account;
        word.good = word.sender == speaker.account;
    }

    /// @dev One signature in 16 is an impostor's, one in 16 is of something else.
    function _signSomehow(
        Dice memory dice,
        Party memory speaker,
        bytes32 domain,
        bytes32 structHash
    ) internal view returns (bytes memory signature, bool good) {
        uint256 side = dice.roll(16);
        Party memory impostor = speaker.key == stranger.key ? matcher : stranger;
        bytes32 said = side == 1 ? keccak256(abi.encode(structHash)) : structHash;
        return (_signature(side == 0 ? impostor : speaker, domain, said), side > 1);
    }
}
